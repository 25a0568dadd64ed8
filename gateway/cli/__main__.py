"""`python -m gateway.cli`, which `./ims` runs."""

from gateway.cli.main import app

app(prog_name="./ims")

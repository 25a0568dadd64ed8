"""`python -m gateway.cli`, which `./ims` runs."""

import os

from gateway.cli.main import app

os.umask(0o077)  # database, logs and whatever else holds patients' words are for the owner alone
app(prog_name="./ims")

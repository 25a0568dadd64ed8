"""PostgreSQL, Redis and nginx of the system, started for a test on free ports and thrown away with it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg
import redis

from tests.support.processes import eventually, free_port
from tests.support.system import postgresql

SEVERAL = Path("deploy/nginx/several.conf")


class Service:
    """A program with a folder and a port of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="ims-test-"))
        # PostgreSQL refuses to be root, and Debian has a user for it.
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(self.folder, self.user)
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        log = (self.folder / "printed.txt").open("ab")
        self._process = subprocess.Popen(self.command(), stdout=log, stderr=log, user=self.user, cwd=self.folder)
        log.close()
        eventually(self.answers, 60)

    def stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self._process:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class PostgreSql(Service):
    """A private cluster."""

    def __init__(self) -> None:
        super().__init__()
        programs = postgresql()
        assert programs
        self._programs = programs
        subprocess.run(
            [str(programs / "initdb"), "-D", "data", "-U", "ims", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True,
            user=self.user,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
        )

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://ims@127.0.0.1:{self.port}/postgres"

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host="127.0.0.1", port=self.port, user="ims", dbname="postgres", autocommit=True)

    def command(self) -> list[str]:
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "100"}
        given = [item for name, value in options.items() for item in ("-c", f"{name}={value}")]
        return [str(self._programs / "postgres"), "-D", "data", "-p", str(self.port), *given]

    def answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.Error:
            return False
        return True

    def stop(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """At once, as in a crash, yet leaving no process of its own behind."""
        super().stop(number)

    def cut(self) -> None:
        """Break all connections but ours; PostgreSQL lives on."""
        with self.connect() as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            connection.execute(f"{others} AND pid != pg_backend_pid()")

    def empty(self) -> None:
        with self.connect() as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")


class Redis(Service):
    """A Redis that keeps nothing on disk."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        return ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]

    def answers(self) -> bool:
        try:
            with redis.Redis(port=self.port) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def cut(self) -> None:
        """Break all connections but ours; Redis lives on."""
        with redis.Redis(port=self.port) as client:
            for kind in ("normal", "pubsub"):
                client.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")


class Nginx(Service):
    """nginx with deploy/nginx/several.conf before these gateways; without TLS, and on a free port."""

    def __init__(self, gateways: list[int]) -> None:
        super().__init__()
        text = SEVERAL.read_text("utf-8")
        servers = "".join(f"    server 127.0.0.1:{port} max_fails=1 fail_timeout=5s;\n" for port in gateways)
        text = re.sub(r"(    server gateway-\d:8000 .*\n)+", servers, text)
        text = re.sub(r"    ssl_.*\n", "", re.sub(r"listen 443 ssl[^;]*;.*", f"listen 127.0.0.1:{self.port};", text))
        folders = "".join(
            f"{name}_temp_path {self.folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        whole = f"daemon off; pid {self.folder}/pid; error_log {self.folder}/error.log;\n"
        whole += f"events {{ worker_connections 2048; }}\nhttp {{\n{folders}{text}}}\n"
        (self.folder / "nginx.conf").write_text(whole, "utf-8")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        return [str(program), "-c", str(self.folder / "nginx.conf"), "-e", str(self.folder / "error.log")]

    def answers(self) -> bool:
        import httpx

        try:
            return httpx.get(f"{self.url}/health").status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        super().stop(number)

"""Make the two environments of IMS Assistant from their lock files, and build the encoders once.

`make run`, `make test` and `make setup` call this with whatever `python3` there is; it needs only the standard library.
What is already made is left alone, so a second call takes well under a second.

    engine   Python 3.10          environments/engine.txt    Rasa Open Source 3.6.21 runs on nothing newer
    gateway  Python 3.11 to 3.13  environments/gateway.txt   everything that a person reaches

With `--tracing` (`make tracing`) the gateway's environment also gets environments/tracing.txt, and with `--tests`
(`make test`) environments/test.txt; it keeps them from then on. What serves patients needs neither.

Exit status 1 and one clear sentence if something is missing.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
VENVS = ROOT / ".venvs"
LOCKS = ROOT / "environments"

Version = tuple[int, int]


class Environment(NamedTuple):
    """One virtual environment: its name, the Python versions it runs on (best first) and why no other."""

    name: str
    versions: Sequence[Version]
    reason: str

    @property
    def lock(self) -> Path:
        return LOCKS / f"{self.name}.txt"

    @property
    def folder(self) -> Path:
        return VENVS / self.name

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return self.folder / "installed.sha256"


ENGINE = Environment("engine", [(3, 10)], "Rasa Open Source 3.6.21 runs on Python 3.10 and nothing newer")
GATEWAY = Environment("gateway", [(3, 11), (3, 12), (3, 13)], "the gateway needs Python 3.11, 3.12 or 3.13")


class SetupError(Exception):
    """Something that set-up needs is missing; the message says what, and what to do."""


def say(text: str) -> None:
    print(text, flush=True)


def works(python: str, version: Version) -> bool:
    """True if this interpreter really starts, has the version, and can make environments and open TLS and SQLite."""
    test = f"import sys, ssl, sqlite3, zlib, ctypes; sys.exit(sys.version_info[:2] != {version!r})"
    try:
        run = subprocess.run([python, "-c", test], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == 0


def candidates(version: Version) -> Iterator[str]:
    """Interpreters that may have this version: the path first, then pyenv's versions (its shims may refuse to run)."""
    dotted = "{}.{}".format(*version)
    yield sys.executable
    for folder in os.get_exec_path():
        yield str(Path(folder) / f"python{dotted}")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for found in sorted((pyenv / "versions").glob(f"{dotted}*/bin/python"), reverse=True):
        yield str(found)


def find_python(environment: Environment, uv: str) -> str:
    """The first interpreter that really runs with one of the environment's versions; uv may bring one.

    Raises SetupError with what to install if there is none.
    """
    for version in environment.versions:
        for python in candidates(version):
            if Path(python).exists() and works(python, version):
                return python
    wanted = "{}.{}".format(*environment.versions[0])
    say(f"      no Python {wanted} on the path or in pyenv; asking uv to bring one")
    subprocess.run([uv, "python", "install", wanted], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    found = subprocess.run([uv, "python", "find", wanted], capture_output=True, text=True)
    python = found.stdout.strip()
    if found.returncode == 0 and works(python, environment.versions[0]):
        return python
    raise SetupError(
        f"Python {wanted} is missing: {environment.reason}, and uv could not bring it. Install it (for example "
        f"'pyenv install {wanted}', or your system's package python{wanted} with its venv module) and run this again."
    )


def digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def run(arguments: list[str], failed: str, env: dict[str, str] | None = None) -> None:
    """Run a step and let its own progress show; raise SetupError with `failed` if it does not succeed."""
    if subprocess.run(arguments, cwd=ROOT, env={**os.environ, **(env or {})}).returncode:
        raise SetupError(failed)


def package_index() -> dict[str, str]:
    """uv does not read pip's settings; where pip is told to use another index, uv gets the same."""
    index = os.environ.get("PIP_INDEX_URL")
    return {"UV_DEFAULT_INDEX": index} if index and "UV_DEFAULT_INDEX" not in os.environ else {}


def ensure_uv() -> str:
    """Path of the uv that installs from the lock files: pinned by hash, in an environment of its own."""
    lock = LOCKS / "uv.txt"
    folder = VENVS / "uv"
    uv, stamp = folder / "bin" / "uv", folder / "installed.sha256"
    wanted = digest(lock.read_text())
    if uv.exists() and stamp.exists() and stamp.read_text() == wanted:
        return str(uv)
    say("[1/4] uv, the installer")
    shutil.rmtree(folder, ignore_errors=True)
    run(
        [sys.executable, "-m", "venv", str(folder)],
        f"{sys.executable} cannot make a virtual environment. "
        "Install its venv module (Debian: apt-get install python3-venv).",
    )
    run(
        [
            str(folder / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--require-hashes",
            "-r",
            str(lock),
        ],
        "uv could not be installed from the package registry. Check the network, then run this again.",
    )
    stamp.write_text(wanted)
    return str(uv)


def ensure_environment(step: str, environment: Environment, uv: str) -> bool:
    """Install exactly what the lock file says; returns whether anything had to be done."""
    wanted = digest(environment.lock.read_text())
    if environment.python.exists() and environment.stamp.exists() and environment.stamp.read_text() == wanted:
        return False
    say(f"{step} {environment.name} environment (about half a minute the first time)")
    python = find_python(environment, uv)
    environment.stamp.unlink(missing_ok=True)
    if not works(str(environment.python), environment.versions[0]):
        run(
            [uv, "venv", "--quiet", "--clear", "--python", python, str(environment.folder)],
            f"The {environment.name} environment could not be made with {python}.",
        )
    run(
        [uv, "pip", "sync", "--require-hashes", "--python", str(environment.python), str(environment.lock)],
        f"The {environment.name} environment could not be installed from {environment.lock.name}. "
        "Check the network and the free disk space, then run this again.",
        package_index(),
    )
    environment.stamp.write_text(wanted)
    return True


def ensure_on_top(name: str, what: str, uv: str, asked: bool, again: bool) -> bool:
    """Put the packages of environments/NAME.txt on top of the gateway's environment, if asked for now or once before.

    `again`: the environment was made anew, and without them. Returns whether anything had to be done.
    """
    lock, stamp = LOCKS / f"{name}.txt", VENVS / f"{name}.sha256"
    wanted = digest(lock.read_text())
    if not asked and not stamp.exists():
        return False
    if stamp.exists() and stamp.read_text() == wanted and not again:
        return False
    say(f"      packages for {what}")
    run(
        [uv, "pip", "install", "--require-hashes", "--python", str(GATEWAY.python), "-r", str(lock)],
        f"The packages for {what} could not be installed from {lock.name}. Check the network, then run this again.",
        package_index(),
    )
    stamp.write_text(wanted)
    return True


def ensure_encoders() -> None:
    """Build the ONNX graphs from the packaged weights (checked by sha256) if they are not there yet."""
    for module, what in (("encoder.build", "sentence encoder"), ("danger.build", "learned red-flag net")):
        run(
            [str(ENGINE.python), "-m", module],
            f"The {what} could not be built; the message above says why.",
        )


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Two set-ups at once would write into the same folders: the second waits for the first."""
    VENVS.mkdir(exist_ok=True)
    with (VENVS / "setup.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Another set-up is running; waiting for it.")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def main(tracing: bool = False, tests: bool = False) -> int:
    started = time.monotonic()
    try:
        with alone():
            uv = ensure_uv()
            changed = ensure_environment("[2/4]", ENGINE, uv)
            anew = ensure_environment("[3/4]", GATEWAY, uv)
            changed = ensure_on_top("tracing", "traces", uv, tracing, anew) or anew or changed
            changed = ensure_on_top("test", "the tests", uv, tests, anew) or changed
            ensure_encoders()
    except SetupError as error:
        print(f"\nSet-up stopped. {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nSet-up was interrupted; run it again to go on.", file=sys.stderr)
        return 130
    if changed:
        say(f"Set-up is done ({time.monotonic() - started:.0f} s).")
    return 0


if __name__ == "__main__":
    sys.exit(main(tracing="--tracing" in sys.argv[1:], tests="--tests" in sys.argv[1:]))

"""What every command needs: the settings, a way to end with a sentence, and who calls."""

from __future__ import annotations

import getpass
import sys
from typing import NoReturn

import typer

from gateway.settings import Settings
from knowledge import Told


def settings() -> Settings:
    """The settings of the environment; a value that can't be used ends the command with a sentence."""
    try:
        return Settings.from_environment()
    except Told as error:
        stop(str(error))


def stop(message: str) -> NoReturn:
    """End the command with exit code 1, and say why on stderr."""
    print(message, file=sys.stderr)
    raise typer.Exit(1)


def author(by: str) -> str:
    """Who does it: the name that was given, or else the account's."""
    return by or getpass.getuser()

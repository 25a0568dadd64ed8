"""Commands that are loaded when they are called: help and mistyped names are told without waiting for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group


@dataclass(frozen=True)
class Later:
    """A command or a group of them: its help, and what makes it."""

    help: str
    load: Callable[[], typer.Typer]


class Commands(TyperGroup):
    """The commands of `./ims`: those that are there, and after them those of `later`."""

    later: ClassVar[Mapping[str, Later]] = {}

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands.update({name: TyperCommand(name, help=later.help) for name, later in self.later.items()})

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Load the command that is called."""
        if args and args[0] in self.later:
            self.loaded(args[0])
        return super().resolve_command(ctx, args)

    def loaded(self, *names: str) -> Commands:
        """With these commands as they are; all of them if none is named."""
        for name in names or tuple(self.later):
            made = self.later[name].load()
            group = made.registered_callback or len(made.registered_commands) > 1
            self.commands[name] = get_group(made) if group else get_command(made)
            self.commands[name].name = name
        return self

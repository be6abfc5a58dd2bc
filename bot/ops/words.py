"""What the command line says to operators; the words are in `words.yml` beside this file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import typer
import yaml


@cache
def _words() -> dict[str, str]:
    return yaml.safe_load((Path(__file__).parent / "words.yml").read_text("utf-8"))


def words(key: str, **values: object) -> str:
    """Return a text with its placeholders filled in."""
    return _words()[key].format(**values)


def say(event: str) -> None:
    """Print an event of the process manager: a key, then its detail after a space."""
    key, _, detail = event.partition(" ")
    typer.echo(words(key, detail=detail))


def fail(key: str, **values: object) -> typer.Exit:
    """Print what is wrong to standard error; raise what this returns."""
    typer.echo(words(key, **values), err=True)
    return typer.Exit(1)

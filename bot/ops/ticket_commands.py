"""`rightsdesk tickets …`: upkeep of tickets. Works on the store, whether the desk runs or not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.bootstrap import utc_now
from bot.ops.words import words
from bot.services.forms import FormCatalogue
from bot.services.placing import place
from bot.settings import Settings
from bot.store.database import Database
from bot.store.migrate import upgrade

DataDir = Annotated[Path | None, typer.Option("--data", help="Data folder (default: var/).")]


def register(app: typer.Typer) -> None:
    """Add the commands to the group `tickets`."""
    app.command("place")(place_tickets)
    # With one command only, typer would take its name away.
    app.callback()(_group)


def _group() -> None:
    """Upkeep of tickets."""


def place_tickets(data: DataDir = None) -> None:
    """Give tickets from before regions were kept the region that their own facts name; safe to repeat."""
    settings = Settings(**({"data_dir": data.resolve()} if data else {}))
    placed, unplaced = asyncio.run(_place_all(settings))
    typer.echo(words("tickets_placed", placed=placed, unplaced=unplaced))


async def _place_all(settings: Settings) -> tuple[int, int]:
    """Work in short transactions, so that a running desk gets in between."""
    database, forms = Database(settings.database), FormCatalogue.load(settings.knowledge_dir)
    placed = unplaced = 0
    after: str | None = ""
    try:
        await upgrade(database.engine)
        while after is not None:
            async with database.begin() as session:
                batch = await place(session, forms, now=utc_now(), after=after)
            placed, unplaced, after = placed + batch.placed, unplaced + batch.unplaced, batch.after
    finally:
        await database.close()
    return placed, unplaced

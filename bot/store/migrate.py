"""Bringing a database to the current schema, and making a new migration."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

_SCRIPTS = Path(__file__).parent / "migrations"


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config


async def upgrade(engine: AsyncEngine) -> None:
    """Bring the database to the newest schema; does nothing when it is there already."""
    async with engine.begin() as connection:
        await connection.run_sync(lambda c: command.upgrade(_config(c), "head"))


async def make_revision(engine: AsyncEngine, message: str) -> None:
    """Write a migration for what the tables have and the database has not (maintainers)."""
    async with engine.begin() as connection:
        await connection.run_sync(
            lambda c: command.revision(_config(c), message=message, autogenerate=True)
        )

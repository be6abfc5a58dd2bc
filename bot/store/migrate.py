"""Bringing a database to the current schema, and making a new migration."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_SCRIPTS = Path(__file__).parent / "migrations"


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config


async def upgrade(engine: AsyncEngine, to: str = "head") -> None:
    """Bring the database to the newest schema, or to a revision; does nothing when it is there already."""
    async with _unbound(engine) as connection, connection.begin():
        await connection.run_sync(lambda c: command.upgrade(_config(c), to))
        await connection.run_sync(_check_references)


async def downgrade(engine: AsyncEngine, to: str) -> None:
    """Take the database back to a revision (maintainers); what that does not know is lost."""
    async with _unbound(engine) as connection, connection.begin():
        await connection.run_sync(lambda c: command.downgrade(_config(c), to))
        await connection.run_sync(_check_references)


@asynccontextmanager
async def _unbound(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Open a connection on which SQLite does not follow references.

    SQLite changes a table by making it anew and dropping the old one, which would delete what refers
    to it, or fail. The setting does nothing inside a transaction, so it is made before one begins.
    """
    async with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            yield connection
            return
        driver = (await connection.get_raw_connection()).driver_connection
        await driver.execute("PRAGMA foreign_keys=OFF")
        try:
            yield connection
        finally:
            await driver.execute("PRAGMA foreign_keys=ON")


def _check_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(3)
        if broken:
            raise RuntimeError(f"a migration left references to nothing: {broken}")


async def make_revision(engine: AsyncEngine, message: str) -> None:
    """Write a migration for what the tables have and the database has not (maintainers)."""
    async with engine.begin() as connection:
        await connection.run_sync(
            lambda c: command.revision(_config(c), message=message, autogenerate=True)
        )

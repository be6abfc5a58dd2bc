"""A migrated database is what the tables say, on both databases, and the way back works."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import create_async_engine

from bot.store.migrate import _config, upgrade
from bot.store.tables import Base


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return compare_metadata(context, Base.metadata)


async def test_a_migrated_empty_database_is_what_the_tables_say(database_url: str) -> None:
    engine = create_async_engine(database_url)
    await upgrade(engine)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_every_migration_can_be_taken_back(database_url: str) -> None:
    engine = create_async_engine(database_url)
    await upgrade(engine)
    async with engine.begin() as connection:
        await connection.run_sync(lambda c: command.downgrade(_config(c), "base"))
    async with engine.connect() as connection:
        left = await connection.run_sync(lambda c: inspect(c).get_table_names())
    assert set(left) <= {"alembic_version"}
    await engine.dispose()

"""The migrations lead to exactly the tables that the code declares, on both databases, and back."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Float, inspect

from bot.store.database import Database
from bot.store.migrate import _config, upgrade
from bot.store.tables import Base


def _type_differs(_context: object, _found: object, _declared: object, found: object, declared: object) -> bool | None:
    """Compare types as Alembic does, but on SQLite a FLOAT that is read back is taken for another."""
    return False if isinstance(found, Float) and isinstance(declared, Float) else None


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": _type_differs})
    return list(compare_metadata(context, Base.metadata))


async def test_a_migrated_empty_database_is_what_the_tables_say(database_url: str) -> None:
    database = Database(database_url)
    await upgrade(database.engine)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await database.close()


async def test_every_migration_can_be_taken_back_and_done_again(database_url: str) -> None:
    database = Database(database_url)
    await upgrade(database.engine)
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda c: command.downgrade(_config(c), "0001"))
        assert "sla_policy" not in await connection.run_sync(lambda c: inspect(c).get_table_names())
    await upgrade(database.engine)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await database.close()

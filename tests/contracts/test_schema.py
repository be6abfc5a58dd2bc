"""What the migrations make is what the tables say, on both databases; and they can be undone."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from bot.store.database import Database
from bot.store.migrate import _config, upgrade
from bot.store.tables import Base


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return compare_metadata(context, Base.metadata)


def indexes(connection: Connection, table: str) -> set[str]:
    return {str(index["name"]) for index in inspect(connection).get_indexes(table)}


async def test_a_migrated_database_is_what_the_tables_say(database_url: str) -> None:
    database = Database(database_url)
    await upgrade(database.engine)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        for table in Base.metadata.sorted_tables:
            declared = {str(index.name) for index in table.indexes}
            assert declared <= await connection.run_sync(indexes, table.name), table.name
    await database.close()


async def test_every_migration_can_be_undone_and_done_again(database_url: str) -> None:
    database = Database(database_url)
    await upgrade(database.engine)
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda c: command.downgrade(_config(c), "0001"))
        await connection.run_sync(lambda c: command.upgrade(_config(c), "head"))
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()

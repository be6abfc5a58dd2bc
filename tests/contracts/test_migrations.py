"""The migrations make the schema that the tables describe, on both databases, and can be taken back."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from bot.store import migrate
from bot.store.database import Database
from bot.store.tables import Base


@pytest.fixture
async def database(database_url):
    database = Database(database_url)
    await migrate.upgrade(database.engine)
    yield database
    await database.close()


async def test_a_migrated_database_is_what_the_tables_describe(database):
    def differences(connection):
        return compare_metadata(MigrationContext.configure(connection), Base.metadata)

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_handoff_migration_can_be_taken_back_with_data_and_made_again(database):
    def back_and_forth(connection):
        config = migrate._config(connection)
        command.downgrade(config, "0004")
        command.upgrade(config, "head")

    async with database.begin() as session:
        await session.execute(
            text(
                "INSERT INTO agent (id, login, name, role, password_hash, must_change_password, is_active, created_at)"
                " VALUES ('a', 'a', 'a', 'agent', 'x', false, true, '2026-01-01 00:00:00')"
            )
        )
        await session.execute(
            text(
                "INSERT INTO conversation (id, channel, account, external_user, owner, owner_epoch, agent_id, queue,"
                " last_seq, last_text, failed_tries, created_at, last_agent_id)"
                " VALUES ('web:x', 'web', 'w', 'x', 'human', 1, 'a', 'general', 0, '', 0, '2026-01-01 00:00:00', 'a')"
            )
        )
    async with database.engine.begin() as connection:
        await connection.run_sync(back_and_forth)
    async with database.read() as session:
        row = (await session.execute(text("SELECT owner, queue_rank, last_agent_id FROM conversation"))).one()
        assert tuple(row) == ("human", 0, None)
        assert await session.scalar(text("SELECT capacity FROM agent")) == 5

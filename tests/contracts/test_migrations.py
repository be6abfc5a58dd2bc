"""The migrations lead to exactly the tables that the code declares, on both databases, with data and back."""

from collections.abc import AsyncIterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Float, inspect, text

from bot.store.database import Database
from bot.store.migrate import downgrade, upgrade
from bot.store.tables import Base

#: Rows of an installation of the first schema that refer to each other.
FIRST = (
    "INSERT INTO agent (id, login, name, role, password_hash, must_change_password, is_active, created_at)"
    " VALUES ('a', 'li', '李', 'agent', 'x', false, true, '2026-01-01 00:00:00')",
    "INSERT INTO conversation (id, channel, account, external_user, owner, owner_epoch, agent_id, queue, last_seq,"
    " last_text, failed_tries, created_at)"
    " VALUES ('web:x', 'web', 'w', 'x', 'human', 1, 'a', 'general', 1, '', 0, '2026-01-01 00:00:00')",
    "INSERT INTO message (conversation_id, seq, author, text, body, state, created_at)"
    " VALUES ('web:x', 1, 'citizen', '你好', '{}', 'visible', '2026-01-01 00:00:00')",
    "INSERT INTO ticket (id, number, kind, status, is_finished, subject, facts, queue, channel, conversation_id,"
    " assignee_id, version, audit_seq, audit_head, opened_at, updated_at)"
    " VALUES ('t', 'JB0000000000001', 'complaint', 'submitted', false, '假货', '{}', 'trademark', 'web', 'web:x', 'a', 1,"
    " 1, 'h', '2026-01-01 00:00:00', '2026-01-01 00:00:00')",
    "INSERT INTO ticket_event (ticket_id, seq, at, actor, action, old, new, reason, hash)"
    " VALUES ('t', 1, '2026-01-01 00:00:00', 'citizen', 'ticket.opened', '{}', '{}', '', 'h')",
    "INSERT INTO sla_clock (id, subject_kind, subject_id, clock, round, policy_id, policy_version, started_at, due_at,"
    " warn_at, provisional, state, level)"
    " VALUES ('c', 'ticket', 't', 'acceptance', 1, 'complaint', 1, '2026-01-01 00:00:00', '2026-01-12 00:00:00',"
    " '2026-01-10 00:00:00', false, 'running', 0)",
    "INSERT INTO sla_event (clock_id, policy_version, kind, level, at, noticed_at)"
    " VALUES ('c', 1, 'warned', 1, '2026-01-10 00:00:00', '2026-01-10 00:00:00')",
)


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    database = Database(empty_database_url)
    yield database
    await database.close()


def _type_differs(_context: object, _found: object, _declared: object, found: object, declared: object) -> bool | None:
    """Compare types as Alembic does, but on SQLite a FLOAT that is read back is taken for another."""
    return False if isinstance(found, Float) and isinstance(declared, Float) else None


async def differences(database: Database) -> list[object]:
    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": _type_differs})
        found = list(compare_metadata(context, Base.metadata))
        for table in Base.metadata.sorted_tables:
            there = {str(index["name"]) for index in inspect(connection).get_indexes(table.name)}
            found += [index.name for index in table.indexes if index.name not in there]
        return found

    async with database.engine.connect() as connection:
        return await connection.run_sync(compare)


async def test_a_migrated_empty_database_is_what_the_tables_say(database: Database) -> None:
    await upgrade(database.engine)
    assert await differences(database) == []


async def test_an_open_ticket_begins_with_the_priority_of_its_urgency_unless_staff_set_one(database: Database) -> None:
    await upgrade(database.engine, "0009")
    async with database.begin() as session:
        for row in FIRST[:5]:
            await session.execute(text(row))
        for ticket_id, urgency, priority, is_finished in (
            ("urgent", "urgent", "normal", False), ("lowered", "urgent", "low", False),
            ("closed", "urgent", "normal", True), ("calmed", "high", "normal", False),
        ):  # fmt: skip
            await session.execute(
                text(
                    "INSERT INTO ticket (id, number, kind, status, is_finished, subject, facts, queue, channel, version, audit_seq,"
                    " audit_head, opened_at, updated_at, urgency, priority) SELECT :id, :id, kind, status, :is_finished, subject,"
                    " facts, queue, channel, version, audit_seq, audit_head, opened_at, updated_at, :urgency, :priority"
                    " FROM ticket WHERE id = 't'"
                ),
                {"id": ticket_id, "urgency": urgency, "priority": priority, "is_finished": is_finished},
            )
        await session.execute(
            text(
                "INSERT INTO ticket_event (ticket_id, seq, at, actor, action, old, new, reason, hash)"
                " VALUES ('calmed', 1, '2026-01-01 00:00:00', 'a', 'ticket.priority_changed', '{}', '{}', '', 'h')"
            )
        )
    await upgrade(database.engine)
    async with database.read() as session:
        rows = await session.execute(text("SELECT id, priority FROM ticket"))
    assert {row.id: row.priority for row in rows} == {
        "t": "normal", "urgent": "urgent", "lowered": "low", "closed": "normal", "calmed": "normal",
    }  # fmt: skip


async def test_old_tickets_are_read_into_the_search_again(database: Database) -> None:
    await upgrade(database.engine, "0018")
    async with database.begin() as session:
        for row in (
            *FIRST[:4],
            "INSERT INTO ticket_search (ticket_id, audit_seq, text, grams) VALUES ('t', 1, '著作權', '著作 作權')",
            "INSERT INTO search_progress (id, last_event_id) VALUES (1, 1)",
        ):
            await session.execute(text(row))
    await upgrade(database.engine)
    async with database.read() as session:
        assert await session.scalar(text("SELECT audit_seq FROM ticket_search")) == 0
        assert await session.scalar(text("SELECT count(*) FROM search_progress")) == 0


async def test_an_installation_with_data_keeps_it_forwards_and_back(database: Database) -> None:
    await upgrade(database.engine, "0001")
    async with database.begin() as session:
        for row in FIRST:
            await session.execute(text(row))
    for step in (upgrade, lambda engine: downgrade(engine, "0001"), upgrade):
        await step(database.engine)
        async with database.read() as session:
            for table in ("agent", "conversation", "message", "ticket", "ticket_event", "sla_clock", "sla_event"):
                assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 1, table
            assert await session.scalar(text("SELECT assignee_id FROM ticket")) == "a"
    async with database.read() as session:
        held = (await session.execute(text("SELECT regions, recovery_hashes FROM agent"))).one()
    assert all(value in ([], "[]") for value in held), "accounts from before work for all regions"
    assert await differences(database) == []

"""What migration 0006 makes is what the tables say, also around rows that stood before."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from bot.store.database import Database
from bot.store.migrate import _config, upgrade
from bot.store.tables import Base

OWN = {"agent", "staff_session", "staff_event", "staff_chain", "login_attempt", "ticket", "audit_root"}
OLD_AGENT = """INSERT INTO agent (id, login, name, role, password_hash, must_change_password, is_active, created_at)
 VALUES ('a', 'li', '李', 'agent', 'x', false, true, '2026-11-20 02:00:00')"""


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found = compare_metadata(context, Base.metadata)
    return [change for change in found if any(table in repr(change) for table in OWN)]


async def test_a_migrated_database_is_what_the_tables_say(database_url: str) -> None:
    database = Database(database_url)
    await upgrade(database.engine)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


async def test_accounts_from_before_work_for_all_regions_and_the_step_can_be_undone(database_url: str) -> None:
    database = Database(database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda c: command.upgrade(_config(c), "0005"))
        await connection.execute(text(OLD_AGENT))
    await upgrade(database.engine)
    async with database.engine.begin() as connection:
        regions, codes = (await connection.execute(text("SELECT regions, recovery_hashes FROM agent"))).one()
        assert regions in ([], "[]") and codes in ([], "[]")
        await connection.run_sync(lambda c: command.downgrade(_config(c), "0005"))
        assert (await connection.execute(text("SELECT login FROM agent"))).scalar_one() == "li"
    await upgrade(database.engine)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()

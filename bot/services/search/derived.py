"""The index over `ticket_search.grams`: a full-text table on SQLite, a GIN index on PostgreSQL.

It is derived, of another kind on each database, and no part of the schema that the tables describe: it is made
when it is missing. *Not chosen*: a migration, since comparing tables and database would then find a stranger.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# The text stays in `ticket_search` alone (external content, https://sqlite.org/fts5.html section 4.4.3); which
# pairs a row has is enough (`detail=none`), because a hit is looked at word for word before it is shown.
_SQLITE = (
    """CREATE VIRTUAL TABLE ticket_fts USING fts5(
        grams, content='ticket_search', content_rowid='id', detail='none', tokenize='unicode61')""",
    """CREATE TRIGGER ticket_search_inserted AFTER INSERT ON ticket_search BEGIN
        INSERT INTO ticket_fts(rowid, grams) VALUES (new.id, new.grams); END""",
    """CREATE TRIGGER ticket_search_deleted AFTER DELETE ON ticket_search BEGIN
        INSERT INTO ticket_fts(ticket_fts, rowid, grams) VALUES ('delete', old.id, old.grams); END""",
    """CREATE TRIGGER ticket_search_updated AFTER UPDATE ON ticket_search BEGIN
        INSERT INTO ticket_fts(ticket_fts, rowid, grams) VALUES ('delete', old.id, old.grams);
        INSERT INTO ticket_fts(rowid, grams) VALUES (new.id, new.grams); END""",
    "INSERT INTO ticket_fts(ticket_fts) VALUES ('rebuild')",
)
_POSTGRES = "CREATE INDEX ix_ticket_search_grams ON ticket_search USING gin (string_to_array(grams, ' '))"


def is_sqlite(session: AsyncSession) -> bool:
    """Tell which of the two databases this is."""
    return session.get_bind().dialect.name == "sqlite"


async def is_made(session: AsyncSession) -> bool:
    """Tell whether the index stands."""
    asked = "SELECT 1 FROM sqlite_master WHERE name = 'ticket_fts'" if is_sqlite(session) else (
        "SELECT 1 WHERE to_regclass('ix_ticket_search_grams') IS NOT NULL"
    )  # fmt: skip
    return await session.scalar(text(asked)) is not None


async def make(session: AsyncSession) -> None:
    """Make the index if it is missing; the transaction is a writing one."""
    if not is_sqlite(session):
        # Two processes that start at once: the second waits here and finds the index made.
        await session.execute(text("SELECT pg_advisory_xact_lock(12330, 7)"))
    if await is_made(session):
        return
    for statement in _SQLITE if is_sqlite(session) else (_POSTGRES,):
        await session.execute(text(statement))

"""Alembic environment: runs on the connection that `bot.store.migrate` hands over."""

from alembic import context

from bot.store.tables import Base
from bot.store.types import UtcDateTime


def render_type(kind: str, value: object, _context: object) -> str | bool:
    """Write our own types as plain ones, so that old migrations stand without our code."""
    if kind == "type" and isinstance(value, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and type(value).__name__ == "JSON":
        return "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')"
    return False


def run() -> None:
    """Run the migrations in one transaction."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=render_type,
    )
    with context.begin_transaction():
        context.run_migrations()


run()

"""Row-level restriction: who works for a part of the country reads only that part's rows.

The condition is added to every ORM SELECT of a session, so a list, a count, a search or an export that
never heard of regions obeys as well. It covers `Ticket`, `Conversation` and `Evidence`; what hangs on them is
reached through them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, event, exists, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.orm.interfaces import ORMOption

from bot.helpdesk.regions import RegionScope
from bot.store.tables import Conversation, Evidence, Ticket


@dataclass(frozen=True)
class Restriction:
    """Whose rows are read.

    Attributes:
        agent_id: Conversations that this agent has are theirs, whatever the region.
    """

    scope: RegionScope
    agent_id: str


#: Execution options of a statement that reads on behalf of all, not of whoever is restricted: what a step must tell
#: citizens of other regions.
EVERYWHERE: Mapping[str, bool] = {"everywhere": True}
_CRITERIA = "criteria"
_restriction: ContextVar[Restriction | None] = ContextVar("restriction", default=None)


@contextmanager
def restricted(restriction: Restriction | None) -> Iterator[None]:
    """Restrict the sessions opened while the block runs, also by tasks that it starts."""
    token = _restriction.set(restriction)
    try:
        yield
    finally:
        _restriction.reset(token)


def restrict(session: AsyncSession) -> None:
    """Put the present restriction, if there is one, on a session that was just made."""
    restriction = _restriction.get()
    if restriction is None or not restriction.scope.is_limited:
        return
    options = session.info[_CRITERIA] = _criteria(restriction)

    def add_criteria(state: ORMExecuteState) -> None:
        if state.is_select and not state.is_column_load and not state.execution_options.get("everywhere"):
            state.statement = state.statement.options(*options)

    event.listen(session.sync_session, "do_orm_execute", add_criteria)


async def plain_rows(
    session: AsyncSession, query: Select[Any], values: Mapping[str, Any]
) -> Sequence[Row[Any]]:
    """Return the rows of a query of columns, restricted as `session.execute` restricts them.

    `execute` takes each row through the steps that objects need: for a page of a list a fifth of its time.

    Args:
        query: Columns only, no objects. Give the same statement again rather than one that is equal.
        values: What its parameters stand for.
    """
    return await session.run_sync(_plain_rows, query, values)


def _plain_rows(session: Session, query: Select[Any], values: Mapping[str, Any]) -> Sequence[Row[Any]]:
    session.flush()
    if criteria := session.info.get(_CRITERIA):
        query = query.options(*criteria)
    return session.connection().execute(query, values).all()


def _criteria(restriction: Restriction) -> list[ORMOption]:
    # The inner tickets are aliases of the table, not of the class: criteria are not added to those.
    inner, table = restriction.scope, Ticket.__table__
    mine, any_ticket, of_evidence = table.alias(), table.alias(), table.alias()
    has_ours = exists(select(1).where(mine.c.conversation_id == Conversation.id, within(mine.c.region, inner)))
    has_ticket = exists(select(1).where(any_ticket.c.conversation_id == Conversation.id))
    conversation = or_(Conversation.agent_id == restriction.agent_id, has_ours, ~has_ticket)
    readable = select(1).where(of_evidence.c.id == Evidence.ticket_id, within(of_evidence.c.region, inner))
    return [
        with_loader_criteria(Ticket, within(Ticket.region, inner), include_aliases=True),
        with_loader_criteria(Conversation, conversation, include_aliases=True),
        with_loader_criteria(Evidence, or_(Evidence.ticket_id.is_(None), exists(readable)), include_aliases=True),
    ]


def within(region: ColumnElement[str | None], scope: RegionScope) -> ColumnElement[bool]:
    """Return the condition that a region lies in a scope; no region lies in every scope, any in an unlimited one."""
    if not scope.is_limited:
        return true()
    ranges = [and_(region >= first, region < end) for first, end in scope.ranges]
    return or_(region.is_(None), *ranges)

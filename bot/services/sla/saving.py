"""Saving a new version of a policy or calendar, and ordering the recount that follows from it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.calendar import CalendarVersion
from bot.helpdesk.errors import HelpdeskError
from bot.helpdesk.sla import Policy
from bot.services.sla.affected import NONE, PROVISIONAL, RUNNING, Version
from bot.services.sla.book import TOPIC, SlaBook
from bot.services.sla.proposing import (
    CalendarDraft,
    PolicyDraft,
    propose_calendar,
    propose_policy,
)
from bot.services.sla.records import calendar_values, policy_values
from bot.store.database import announce_here
from bot.store.tables import Agent, SlaCalendar, SlaPolicy, SlaRecount

#: Longer than any process takes to hear of a version that another saved (`worker.watch_rules`).
_SETTLES_AFTER = timedelta(seconds=15)


class SlaRuleChanged(HelpdeskError):
    """Somebody saved a version after the one shown: `details` names `agent_name` and `version`. Look at
    it, then make your change again on top of it."""

    code = "sla_rule_changed"


async def save_policy(
    session: AsyncSession,
    book: SlaBook,
    draft: PolicyDraft,
    *,
    agent: Agent,
    to_running: bool,
    now: datetime,
) -> Policy:
    """Save a new version; old ones stay, and so does everything recorded under them.

    Args:
        to_running: Clocks that still count are counted again under it, from the day on which it takes
            effect; otherwise it is for clocks that start from then on.
    Raises:
        RuleInvalid: The draft cannot be.
        SlaRuleChanged: There is a newer version than the one it was made from.
    """
    policy = propose_policy(book, draft, now=now)
    values = policy_values(policy, by=agent.id, now=now, note=draft.note)
    await _insert(session, SlaPolicy, values)
    if to_running:
        start_at = max(now, book.calendar.midnight(policy.effective_from))
        await order_recount(session, policy, scope=RUNNING, start_at=start_at, now=now)
    announce_here(session, TOPIC, {"version": policy})
    return policy


async def save_calendar(
    session: AsyncSession,
    book: SlaBook,
    draft: CalendarDraft,
    *,
    agent: Agent,
    to_running: bool,
    now: datetime,
) -> CalendarVersion:
    """Save a new version of a calendar, or the first of a new one.

    Args:
        to_running: Clocks that still count are counted again on it. Dates that are provisional are
            in any case: that is what provisional means.
    Raises:
        RuleInvalid: The draft cannot be.
        SlaRuleChanged: There is a newer version than the one it was made from.
    """
    version = propose_calendar(book, draft)
    values = calendar_values(version, by=agent.id, now=now, note=draft.note)
    await _insert(session, SlaCalendar, values)
    if version.version > 1:
        scope = RUNNING if to_running else PROVISIONAL
        await order_recount(session, version, scope=scope, start_at=now, now=now)
    announce_here(session, TOPIC, {"version": version})
    return version


async def check_is_latest(session: AsyncSession, version: Version) -> None:
    """Refuse a draft whose number is taken, before anybody previews it.

    Raises:
        SlaRuleChanged: It is; see there.
    """
    table = SlaPolicy if isinstance(version, Policy) else SlaCalendar
    if await session.get(table, (version.id, version.version)):
        raise await _changed(session, table, version.id, version.version)


async def order_recount(
    session: AsyncSession, version: Version, *, scope: str, start_at: datetime, now: datetime
) -> None:
    """Order that open clocks are counted again under a version; ordered twice, it stands once."""
    if scope == NONE:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    await session.execute(
        dialect.insert(SlaRecount)
        .values(
            kind="policy" if isinstance(version, Policy) else "calendar",
            subject_id=version.id,
            version=version.version,
            scope=scope,
            start_at=start_at,
            settled_at=max(now, start_at) + _SETTLES_AFTER,
            counted=0,
            moved=0,
            added=0,
            looked_to="",
        )
        .on_conflict_do_nothing()
    )


async def _insert(session: AsyncSession, table: type[Any], values: dict[str, Any]) -> None:
    """Insert a version; of two who save the same number at once the second learns of the first."""
    try:
        async with session.begin_nested():
            session.add(table(**values))
            await session.flush()
    except IntegrityError as error:
        raise await _changed(session, table, values["id"], values["version"]) from error


async def _changed(session: AsyncSession, table: type[Any], rule_id: str, version: int) -> SlaRuleChanged:
    row = await session.execute(
        select(table.created_by, table.created_at, Agent.name)
        .outerjoin(Agent, Agent.id == table.created_by)
        .where(table.id == rule_id, table.version == version)
    )
    by, at, name = row.one()
    return SlaRuleChanged(version=version, agent_name=name or by, at=at.isoformat())

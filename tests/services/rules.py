"""Saving rules as a supervisor does, and looking at what became of clocks."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

from sqlalchemy import select

from bot.bootstrap import Desk
from bot.helpdesk.calendar import CalendarVersion, Day
from bot.helpdesk.sla import Policy, Target, Unit
from bot.services import sla
from bot.store.tables import Agent, SlaClock, SlaEvent

DAYS, MINUTES = Unit.WORKING_DAYS, Unit.WORKING_MINUTES
HOLIDAYS_2027 = {date(2027, 1, 1): Day("holiday", "元旦", "2027 通知"), date(2027, 1, 9): Day("makeup", "元旦调休上班", "2027 通知")}


def policy_draft(desk: Desk, policy_id: str = "complaint", **changes: Any) -> sla.PolicyDraft:
    """A draft on top of the latest version this process knows; it halves the time for acceptance."""
    base = max((p for p in desk.office.sla.policies if p.id == policy_id), key=lambda p: p.version)
    draft = sla.PolicyDraft(
        id=policy_id,
        base_version=base.version,
        clocks={**base.clocks, "acceptance": Target(3, DAYS)},
        warn_ratio=base.warn_ratio,
        effective_from=desk.office.calendar.local_date(desk.clock()),
        source=base.source,
        calendar_id=base.calendar_id,
        note="承诺更快受理",
    )
    return replace(draft, **changes)


def calendar_draft(desk: Desk, calendar_id: str = "main", **changes: Any) -> sla.CalendarDraft:
    """A draft on top of the latest version this process knows; it loads the year 2027."""
    base = desk.office.sla.latest_calendar(calendar_id)
    draft = sla.CalendarDraft(
        id=calendar_id,
        base_version=base.version,
        frames=base.calendar.frames,
        days={**base.calendar.days, **HOLIDAYS_2027},
        loaded_years=base.calendar.loaded_years | {2027},
        note="载入 2027 年",
    )
    return replace(draft, **changes)


async def saves_policy(desk: Desk, agent: Agent, *, to_running: bool = True, **changes: Any) -> Policy:
    draft = policy_draft(desk, **changes)
    async with desk.begin() as session:
        return await sla.save_policy(
            session, desk.office.sla, draft,
            agent=agent, to_running=to_running, now=desk.clock(),
        )  # fmt: skip


async def saves_calendar(
    desk: Desk, agent: Agent, *, to_running: bool = True, **changes: Any
) -> CalendarVersion:
    draft = calendar_draft(desk, **changes)
    async with desk.begin() as session:
        return await sla.save_calendar(
            session, desk.office.sla, draft,
            agent=agent, to_running=to_running, now=desk.clock(),
        )  # fmt: skip


async def recounts(desk: Desk, *, limit: int = 200) -> int:
    """Let the worker sweep and count again what there is; return how many clocks it counted."""
    async with desk.begin() as session:
        await sla.sweep(session, desk.office.sla, now=desk.clock())
    total = 0
    while True:
        async with desk.begin() as session:
            batch = await sla.recount(session, desk.office.sla, now=desk.clock(), limit=limit)
        if batch.is_idle:
            return total
        total += batch.counted


async def stored_clocks(desk: Desk, **where: Any) -> Mapping[str, SlaClock]:
    async with desk.read() as session:
        rows = await session.scalars(select(SlaClock).filter_by(**where))
    return {clock.clock: clock for clock in rows}


async def events_of(desk: Desk, kind: str) -> list[SlaEvent]:
    async with desk.read() as session:
        return list(await session.scalars(select(SlaEvent).where(SlaEvent.kind == kind)))


HALF_DAY = Day("special_hours", "半天", "通知", ((time(9), time(12)),))
ONE_DAY = timedelta(days=1)

"""Versions of policies and calendars as rows, and back; loading the book from the store."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.calendar import BusinessCalendar, CalendarVersion, Day, Frame
from bot.helpdesk.sla import Policy, Target
from bot.services.sla.book import SlaBook
from bot.store.tables import SlaCalendar, SlaPolicy

#: Who made the versions that came with the program.
SHIPPED = "shipped"


async def load_book(session: AsyncSession) -> SlaBook:
    """Return all versions that the store holds."""
    policies = await session.scalars(select(SlaPolicy))
    calendars = await session.scalars(select(SlaCalendar))
    return SlaBook(map(calendar_of, calendars), map(policy_of, policies))


async def renew_book(session: AsyncSession, book: SlaBook) -> bool:
    """Let the book learn what other processes saved; two counts when there is nothing new.

    Versions are only added, so equal counts mean equal content.
    """
    policies, calendars = (
        select(func.count()).select_from(table).scalar_subquery() for table in (SlaPolicy, SlaCalendar)
    )
    if tuple((await session.execute(select(policies, calendars))).one()) == book.size:
        return False
    book.learn(
        map(policy_of, await session.scalars(select(SlaPolicy))),
        map(calendar_of, await session.scalars(select(SlaCalendar))),
    )
    return True


def policy_of(row: SlaPolicy) -> Policy:
    """Return the policy that a row holds."""
    return Policy(
        id=row.id,
        version=row.version,
        applies_to=row.applies_to,
        clocks={name: Target(value["amount"], value["unit"]) for name, value in row.clocks.items()},
        effective_from=row.effective_from,
        warn_ratio=row.warn_ratio,
        basis=row.basis,
        source=row.source,
        calendar_id=row.calendar_id,
    )


def policy_values(policy: Policy, *, by: str, now: datetime, note: str = "") -> dict[str, Any]:
    """Return the row of a policy."""
    return {
        "id": policy.id,
        "version": policy.version,
        "applies_to": policy.applies_to,
        "calendar_id": policy.calendar_id,
        "clocks": {
            name: {"amount": target.amount, "unit": target.unit.value}
            for name, target in policy.clocks.items()
        },
        "warn_ratio": policy.warn_ratio,
        "basis": policy.basis,
        "source": policy.source,
        "effective_from": policy.effective_from,
        "created_by": by,
        "created_at": now,
        "note": note,
    }


def calendar_of(row: SlaCalendar) -> CalendarVersion:
    """Return the calendar that a row holds."""
    zone = timezone(timedelta(minutes=row.utc_offset_minutes), row.zone)
    frames = {int(weekday): _frames(pairs) for weekday, pairs in row.frames.items()}
    days = {date.fromisoformat(day): _day(value) for day, value in row.days.items()}
    return CalendarVersion(
        row.id, row.version, BusinessCalendar(zone, frames, days, frozenset(row.loaded_years))
    )


def calendar_values(version: CalendarVersion, *, by: str, now: datetime, note: str = "") -> dict[str, Any]:
    """Return the row of a calendar."""
    calendar = version.calendar
    offset = calendar.zone.utcoffset(None)
    # Only zones with one offset all year can be read back from a row; our loaders make no others.
    assert offset is not None
    return {
        "id": version.id,
        "version": version.version,
        "zone": str(calendar.zone),
        "utc_offset_minutes": int(offset.total_seconds() // 60),
        "frames": {str(weekday): _pairs(frames) for weekday, frames in sorted(calendar.frames.items())},
        "days": {day.isoformat(): _value(special) for day, special in sorted(calendar.days.items())},
        "loaded_years": sorted(calendar.loaded_years),
        "created_by": by,
        "created_at": now,
        "note": note,
    }


def _frames(pairs: list[list[str]]) -> tuple[Frame, ...]:
    return tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in pairs)


def _pairs(frames: tuple[Frame, ...]) -> list[list[str]]:
    return [[f"{opens:%H:%M}", f"{closes:%H:%M}"] for opens, closes in frames]


def _day(value: dict[str, Any]) -> Day:
    return Day(value["kind"], value["title"], value["source"], _frames(value.get("frames", [])))


def _value(day: Day) -> dict[str, Any]:
    value: dict[str, Any] = {"kind": day.kind, "title": day.title, "source": day.source}
    return value | ({"frames": _pairs(day.frames)} if day.frames else {})

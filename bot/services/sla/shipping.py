"""Taking over the policies and calendars that come with the program, once each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.calendar import CalendarVersion
from bot.helpdesk.sla import Policy
from bot.services.sla.affected import PROVISIONAL
from bot.services.sla.book import SlaBook
from bot.services.sla.records import SHIPPED, calendar_values, load_book, policy_values
from bot.services.sla.saving import order_recount
from bot.store.tables import SlaCalendar, SlaPolicy


async def lacks_shipped(session: AsyncSession, shipped: SlaBook) -> bool:
    """Tell whether something shipped is not in the store, so that most starts write nothing."""
    stored = await load_book(session)
    return bool(_missing(stored, shipped) != ([], []) or _with_new_years(stored, shipped))


async def take_over_shipped(session: AsyncSession, shipped: SlaBook, *, now: datetime) -> None:
    """Insert the shipped versions that the store has not, and load shipped years it does not know.

    What was saved in the console stands: a shipped version is taken over only if there is none of its
    number, and a year that is loaded already stays as it is. A new year makes a new version of the
    calendar. On each new version provisional due dates are counted again. Two processes may do this at once.
    """
    stored = await load_book(session)
    policies, calendars = _missing(stored, shipped)
    await _insert(session, SlaPolicy, [policy_values(one, by=SHIPPED, now=now) for one in policies])
    stored.learn(policies, calendars)
    calendars += _with_new_years(stored, shipped)
    await _insert(session, SlaCalendar, [calendar_values(one, by=SHIPPED, now=now) for one in calendars])
    for version in calendars:
        if version.version > 1:
            await order_recount(session, version, scope=PROVISIONAL, start_at=now, now=now)


def _missing(stored: SlaBook, shipped: SlaBook) -> tuple[list[Policy], list[CalendarVersion]]:
    known_policies, known_calendars = stored.keys()
    return (
        [one for one in shipped.policies if (one.id, one.version) not in known_policies],
        [one for one in shipped.calendars if (one.id, one.version) not in known_calendars],
    )


def _with_new_years(stored: SlaBook, shipped: SlaBook) -> list[CalendarVersion]:
    """Return the next versions of calendars of which a shipped file knows more years."""
    found = []
    for calendar_id in shipped.calendar_ids():
        if calendar_id not in stored.calendar_ids():
            continue
        own, theirs = stored.latest_calendar(calendar_id), shipped.latest_calendar(calendar_id).calendar
        years = theirs.loaded_years - own.calendar.loaded_years
        if years:
            days = {day: value for day, value in theirs.days.items() if day.year in years}
            calendar = replace(
                own.calendar,
                # What somebody entered for single days of the year before it was known, stands.
                days={**days, **own.calendar.days},
                loaded_years=own.calendar.loaded_years | years,
            )
            found.append(CalendarVersion(calendar_id, own.version + 1, calendar))
    return found


async def _insert(session: AsyncSession, table: type[Any], rows: Iterable[dict[str, Any]]) -> None:
    rows = list(rows)
    if not rows:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    await session.execute(dialect.insert(table).on_conflict_do_nothing(), rows)

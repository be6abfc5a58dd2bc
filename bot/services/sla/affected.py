"""Which open clocks a version of a policy or calendar touches, and what becomes of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal_column, or_, select

from bot.helpdesk.calendar import CalendarVersion
from bot.helpdesk.recounting import Recounted, recounted
from bot.helpdesk.sla import MAIN_CALENDAR, ClockState, Pause, Policy, Target
from bot.services.sla.book import SlaBook
from bot.store.tables import SlaClock, Ticket

Version = Policy | CalendarVersion

#: How far a new version reaches: every clock that still counts; only dates that are provisional; none.
RUNNING, PROVISIONAL, NONE = "running", "provisional", "none"

#: What is read of a clock to count it again.
COLUMNS = (
    SlaClock.id,
    SlaClock.subject_kind,
    SlaClock.subject_id,
    SlaClock.clock,
    SlaClock.policy_id,
    SlaClock.policy_version,
    SlaClock.calendar_id,
    SlaClock.started_at,
    SlaClock.due_at,
    SlaClock.warn_at,
    SlaClock.provisional,
    SlaClock.state,
    SlaClock.level,
    # Whatever region the viewer works for: what is previewed must be what the job then does.
    select(Ticket.__table__.c.centre)
    .where(Ticket.__table__.c.id == SlaClock.subject_id)
    .scalar_subquery()
    .label("centre"),
)


def still_on_older(version: Version, scope: str, *, now: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions for clocks that count and are on an older version than this one.

    A clock whose time is used up is not among them, whether or not the sweep has seen it: its breach
    happened under the older version. Nor is one that a new policy does not promise any more; it
    stays under the version that promised it.
    """
    conditions: list[ColumnElement[bool]] = [
        SlaClock.stopped_at.is_(None),
        # Said as the indexes say it, with the value in the text: a bound one would keep SQLite from them.
        SlaClock.state != literal_column("'breached'"),
        or_(
            SlaClock.state == ClockState.PAUSED.value,
            (SlaClock.state == ClockState.RUNNING.value) & (SlaClock.due_at >= now),
        ),
    ]
    if isinstance(version, Policy):
        conditions += [
            SlaClock.policy_id == version.id,
            SlaClock.policy_version < version.version,
            SlaClock.clock.in_(list(version.clocks)),
        ]
    else:
        provisional = [True] if scope == PROVISIONAL else [True, False]
        conditions += [
            SlaClock.calendar_id == version.id,
            SlaClock.provisional.in_(provisional),
            SlaClock.calendar_version < version.version,
        ]
    return conditions


def rules_after(book: SlaBook, version: Version, clock: Any) -> tuple[Policy, CalendarVersion]:
    """Return the policy and calendar under which a clock is counted once the version holds.

    Args:
        book: A book that knows the version.
        clock: A row with the columns `COLUMNS`.
    """
    if isinstance(version, Policy):
        before = book.version(clock.policy_id, clock.policy_version)
        # A clock on the calendar of its centre stays there, and so does one whose ticket has left the centre since.
        is_centres = clock.calendar_id == clock.centre != MAIN_CALENDAR or clock.calendar_id != before.calendar_id
        return version, book.latest_calendar(clock.calendar_id if is_centres else version.calendar_id)
    return book.version(clock.policy_id, clock.policy_version), version


def count_again(
    book: SlaBook,
    version: Version,
    clock: Any,
    pauses: Sequence[Pause],
    extensions: Sequence[Target],
    *,
    now: datetime,
) -> Recounted:
    """Return what becomes of one clock; `clock` is a row with the columns `COLUMNS`."""
    policy, calendar = rules_after(book, version, clock)
    due = book.counter(policy, clock.clock, calendar, extensions)(clock.started_at, pauses)
    lasting = next((pause.from_at for pause in pauses if pause.to_at is None), None)
    return recounted(
        due,
        paused_from=lasting if clock.state == ClockState.PAUSED.value else None,
        level=clock.level,
        is_new_promise=isinstance(version, Policy),
        now=now,
    )

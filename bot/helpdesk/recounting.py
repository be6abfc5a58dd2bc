"""Counting a clock again from its history, when what is promised or when the office works has changed.

History is the start and the pauses; both stay. What has happened stays as well: a clock that is
stopped, or whose time was used up under the old rule, is not counted again, so no breach is undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.helpdesk.sla import DueDate


@dataclass(frozen=True, slots=True)
class Recounted:
    """What a clock is after it was counted again.

    Attributes:
        due_at: UTC.
        warn_at: UTC.
        provisional: As in :class:`bot.helpdesk.sla.Due`.
        is_used_up: The time is over already: the clock is breached at ``due_at``.
        is_paused: It stands still. A pause that began only after the time was used up no longer counts.
        level: Highest level that stands: a warning that was given is not given again, unless a new
            promise has moved it into the future.
        next_check_at: When the sweep must look; None while paused.
    """

    due_at: datetime
    warn_at: datetime
    provisional: bool
    is_used_up: bool
    is_paused: bool
    level: int
    next_check_at: datetime | None


def recounted(
    due: DueDate, *, paused_from: datetime | None, level: int, is_new_promise: bool, now: datetime
) -> Recounted:
    """Return what becomes of a clock.

    Args:
        due: When it is due under the new rule, counted from its start and its pauses.
        paused_from: When the pause began that still lasts; None while it runs.
        level: Highest level recorded so far (0 none, 1 warned).
        is_new_promise: The policy changed; otherwise only the calendar did.
        now: The instant of counting.
    """
    has_run_until = paused_from or now
    is_used_up = due.due_at < has_run_until
    is_paused = paused_from is not None and not is_used_up
    keeps_level = not is_new_promise or due.warn_at <= now
    level = level if keeps_level else 0
    next_check_at = due.due_at if level else due.warn_at
    return Recounted(
        due_at=due.due_at,
        warn_at=due.warn_at,
        provisional=due.provisional,
        is_used_up=is_used_up,
        is_paused=is_paused,
        level=level,
        next_check_at=None if is_paused else next_check_at,
    )

"""Playing a ticket's history through the clock table: which round of a clock it leads to.

A clock that nobody promised while the history happened is found like this, should it be promised now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.helpdesk.clock_table import Effect, effects_of
from bot.helpdesk.sla import Pause

#: What merging cancels, taking the ticket out again begins anew: no row of the table can say that.
MERGED, UNMERGED = "merged", "unmerged"


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of the clock table, or `UNMERGED`, and when it was."""

    at: datetime
    event: str


@dataclass
class Round:
    """One run of a clock.

    Attributes:
        pauses: The last one is open while the clock stands still.
        stop_reason: The event that ended it.
    """

    started_at: datetime
    pauses: list[Pause]
    stopped_at: datetime | None = None
    stop_reason: str = ""

    @property
    def paused_from(self) -> datetime | None:
        """Return when the pause began that still lasts."""
        return self.pauses[-1].from_at if self.pauses and self.pauses[-1].to_at is None else None


def last_round(clock: str, history: Iterable[Happening]) -> Round | None:
    """Return the last round of a ticket's clock, running or ended; None if nothing ever started it.

    Nothing is known here of when a round is due. A late clock does not stand still, so pauses that begin
    after the due instant are for the caller to leave out.

    Args:
        history: In the order in which it happened.
    """
    found: Round | None = None
    alone: Round | None = None
    for happening in history:
        if happening.event == UNMERGED:
            found = _anew(found, alone, happening.at)
            continue
        found = _after(found, clock, happening)
        if happening.event != MERGED:
            alone = _after(alone, clock, happening)
    return found


def _anew(found: Round | None, alone: Round | None, at: datetime) -> Round | None:
    """Return the round that taking a ticket out begins, if its merger ended one.

    Args:
        alone: The round to which the same history leads without any merger. What it ended while the ticket
            was merged, as an authority's last word does, is not owed again; where it stands still, so does the new one.
    """
    if found is None or found.stop_reason != MERGED or alone is None or alone.stopped_at is not None:
        return found
    stands = alone.paused_from is not None
    return Round(at, [Pause(at, None, alone.pauses[-1].reason)] if stands else [])


def _after(found: Round | None, clock: str, happening: Happening) -> Round | None:
    at, event = happening.at, happening.event
    runs = found is not None and found.stopped_at is None
    effect = effects_of("ticket", event).get(clock)
    if effect is Effect.START and not runs:
        return Round(at, [])
    if effect is None or found is None or not runs:
        return found
    if effect is Effect.PAUSE and found.paused_from is None:
        found.pauses.append(Pause(at, None, event))
    elif effect is not Effect.PAUSE:
        _resume(found, at)
    if effect in (Effect.STOP, Effect.CANCEL, Effect.RESTART):
        found.stopped_at, found.stop_reason = at, event
    return Round(at, []) if effect is Effect.RESTART else found


def _resume(found: Round, at: datetime) -> None:
    if found.paused_from is not None:
        last = found.pauses[-1]
        # A system clock that was set back ends a pause where it began.
        found.pauses[-1] = Pause(last.from_at, max(at, last.from_at), last.reason)

"""A ticket as its citizen sees it: status, what happens next, due dates in words, history.

Built from what services return, leaving out what is for staff only: assignments, hashes, warnings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.bootstrap import Desk
from bot.gateway.evidence import public_receipt
from bot.gateway.life_cycle import life_for_citizen, shown_status
from bot.gateway.words import Words
from bot.helpdesk.sla import ClockState
from bot.helpdesk.ticket import WITHDRAWABLE, TicketStatus
from bot.services import desk_work, evidence, sla, tickets
from bot.services.desk_work import TimelineItem
from bot.services.sla import ClockView

_NO_MORE_WORDS = frozenset({TicketStatus.CLOSED, TicketStatus.WITHDRAWN})
#: What the usual way looks like; a status beside it is shown at the step it branches from.
_STEPS = ("submitted", "accepted", "in_progress", "resolved")
_STEP_OF = {
    "submitted": 0, "needs_correction": 0, "rejected": 0, "withdrawn": 0,
    "accepted": 1, "in_progress": 2, "transferred": 2, "reopened": 2, "resolved": 3, "closed": 4,
}  # fmt: skip


@dataclass(frozen=True)
class Promise:
    """One due date in words; `text` says all of it."""

    clock: str
    state: str
    due_at: str
    provisional: bool
    text: str


@dataclass(frozen=True)
class Happening:
    """One entry of the history that the citizen may read."""

    at: str
    kind: str
    title: str
    text: str


@dataclass(frozen=True)
class Tracking:
    """Everything on the tracking page."""

    number: str
    kind: str
    kind_title: str
    status: str
    status_title: str
    status_hint: str
    subject: str
    opened_at: str
    updated_at: str
    promises: list[Promise]
    timeline: list[Happening]
    evidence: list[dict[str, object]]
    can_supplement: bool
    can_withdraw: bool
    correction: dict[str, object] | None
    transfers: list[dict[str, object]]
    result: str
    merged: bool
    rating: dict[str, object] | None

    def to_json(self) -> dict[str, Any]:
        """Return the ticket as the HTTP interface shows it."""
        return asdict(self)

    @property
    def step(self) -> int:
        """Return how far the ticket is on the usual way, counted from 0."""
        return _STEP_OF[self.status]

    @property
    def step_names(self) -> tuple[str, ...]:
        """Return the statuses of the usual way."""
        return _STEPS


async def track(session: AsyncSession, desk: Desk, words: Words, number: str, code: str) -> Tracking:
    """Return the ticket that number and code open.

    Raises:
        TicketNotFound: Wrong number or wrong code; which of them is not told.
    """
    ticket = await tickets.look_up(session, desk.office, number, code)
    clocks = await sla.clocks_of(session, ticket.id, now=desk.clock())
    history = await desk_work.timeline(session, ticket.id, staff=False)
    receipts = await evidence.evidence_of(session, ticket_id=ticket.id)
    status, texts = TicketStatus(await shown_status(session, ticket)), desk.texts
    teller = Teller(desk, words, status)
    life = await life_for_citizen(session, desk, words, ticket, history)
    return Tracking(
        number=ticket.number,
        kind=ticket.kind,
        kind_title=texts(f"kinds.{ticket.kind}"),
        status=status.value,
        status_title=texts(f"states.{status}"),
        status_hint=texts(f"state_hints.{status}"),
        subject=ticket.subject,
        opened_at=ticket.opened_at.isoformat(),
        updated_at=ticket.updated_at.isoformat(),
        promises=teller.promises(clocks),
        timeline=[teller.happening(item) for item in history if teller.is_told(item)],
        evidence=[public_receipt(receipt) for receipt in receipts],
        can_supplement=status not in _NO_MORE_WORDS,
        can_withdraw=status in WITHDRAWABLE and not life["merged"],
        **life,
    )


class Teller:
    """Puts clocks and history into the citizen's words."""

    def __init__(self, desk: Desk, words: Words, status: TicketStatus) -> None:
        self._status = status
        self._texts = desk.texts
        self._zone = desk.office.calendar.zone
        self._words = words

    def promises(self, clocks: Sequence[ClockView]) -> list[Promise]:
        """Return what was promised, in the order in which it is due to happen (that of the words)."""
        order = list(self._words["promises"])
        told = [clock for clock in clocks if clock.state != ClockState.CANCELLED]
        return [self.promise(clock) for clock in sorted(told, key=lambda clock: order.index(clock.clock))]

    def promise(self, clock: ClockView) -> Promise:
        """Say what was promised until when, and how it stands."""
        sentences = self._words["promises"][clock.clock]
        # Half a working day is promised to the minute, everything longer to the day.
        say = self._words.moment if clock.clock == "first_response" else self._words.day
        manner = _manner(clock)
        # What a clock waits for is the citizen, unless the status says who else.
        text = sentences.get(f"{manner}_{self._status}", sentences[manner]).format(due=say(clock.due_at, self._zone))
        if clock.provisional and clock.stopped_at is None:
            text += self._words["provisional"]
        return Promise(clock.clock, clock.state, clock.due_at.isoformat(), clock.provisional, text)

    def is_told(self, item: TimelineItem) -> bool:
        """Tell whether the citizen reads this entry: assignments and seals are for staff."""
        return item.kind in self._words["happenings"]

    def happening(self, item: TimelineItem) -> Happening:
        """Return one entry of the history."""
        title = self._words["happenings"][item.kind]
        if status := item.new.get("status"):
            title = title.format(status=self._texts(f"states.{status}"))
        if item.corrected_at:
            title = self._words["corrected"].format(title=title)
        text = "" if item.kind in self._words["happenings_without_reason"] else item.text
        return Happening(item.at.isoformat(), item.kind, title, text)


def _manner(clock: ClockView) -> str:
    if clock.stopped_at is not None:
        return "met" if clock.state == ClockState.MET else "met_late"
    return {ClockState.PAUSED: "paused", ClockState.BREACHED: "late"}.get(ClockState(clock.state), "running")

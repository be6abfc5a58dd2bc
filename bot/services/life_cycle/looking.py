"""What a ticket's pages show of its life: notices, requests, transfers, links, follow-ups, rating."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.life_cycle import LinkKind
from bot.services import sla
from bot.services.access import scope_of
from bot.services.desk_work import access_ticket
from bot.services.life_cycle.duplicates import OtherTicket, other_ticket, suggest_duplicates
from bot.services.life_cycle.linking import visible
from bot.services.life_cycle.ratings import RatingView, ratings_of
from bot.services.office import Office
from bot.services.staff import agents_named
from bot.store.scoping import within
from bot.store.tables import (
    Agent,
    CorrectionNotice,
    Extension,
    FollowUp,
    InterimFeedback,
    SlaClock,
    Ticket,
    TicketEntry,
    TicketLink,
    Transfer,
)


@dataclass(frozen=True)
class CorrectionView:
    """A notice of what is missing.

    Attributes:
        state: open | expired (still open, the date has passed) | answered | dropped
    """

    id: str
    items: list[str]
    due_on: date
    note: str
    created_at: datetime
    state: str


@dataclass(frozen=True)
class ExtensionView:
    """A request for more time; `decision` is None while it waits."""

    id: str
    clock: str
    amount: int
    unit: str
    reason: str
    asked_by: str
    asked_by_name: str
    asked_at: datetime
    decision: str | None
    decided_by_name: str | None
    decided_at: datetime | None
    note: str


@dataclass(frozen=True)
class InterimView:
    """What an authority told while it worked on a matter."""

    at: datetime
    text: str


@dataclass(frozen=True)
class TransferView:
    """A transfer to another authority; `contact` is for staff, `interim` the earliest first."""

    id: str
    authority: str
    contact: str
    matter: str
    sent_at: datetime
    received_at: datetime | None
    receipt_no: str
    feedback_at: datetime | None
    feedback: str
    returned: bool
    interim: list[InterimView]


@dataclass(frozen=True)
class LinkView:
    """A standing link as seen from one ticket.

    Attributes:
        role: merged_into | absorbed | split_from | split_off | related | duplicate_of | has_duplicate
        other: The other ticket; None if this agent may not see it.
        supplemented_at: When the citizen of a ticket merged into this one last added something since.
    """

    id: str
    kind: str
    role: str
    made_at: datetime
    other: OtherTicket | None
    supplemented_at: datetime | None = None


@dataclass(frozen=True)
class FollowUpView:
    """A follow-up, planned or done."""

    id: str
    due_on: date
    done_at: datetime | None
    done_by_name: str | None
    outcome: str | None
    text: str


@dataclass(frozen=True)
class ClockChoice:
    """A clock for which more time may be asked."""

    clock: str
    amount: int
    unit: str
    due_at: datetime


@dataclass(frozen=True)
class LifeCycle:
    """Everything that hangs on one ticket, for its staff page; newest first where time orders it."""

    corrections: list[CorrectionView]
    extensions: list[ExtensionView]
    transfers: list[TransferView]
    links: list[LinkView]
    follow_ups: list[FollowUpView]
    ratings: list[RatingView]
    duplicates: list[OtherTicket]
    extendable: list[ClockChoice]

    @property
    def merged_into(self) -> OtherTicket | None:
        """Return the ticket that this one is handled with."""
        return next((link.other for link in self.links if link.role == "merged_into"), None)


async def life_of(
    session: AsyncSession, office: Office, agent: Agent, ticket_id: str, *, now: datetime
) -> LifeCycle:
    """Return everything that hangs on a ticket.

    Raises:
        TicketNotFound: See `access_ticket`.
    """
    ticket = await access_ticket(session, agent, ticket_id)
    return LifeCycle(
        corrections=await corrections_of(session, ticket.id),
        extensions=await _extensions(session, Extension.ticket_id == ticket.id),
        transfers=await transfers_of(session, ticket.id),
        links=await _links(session, agent, ticket),
        follow_ups=await _follow_ups(session, ticket.id),
        ratings=await ratings_of(session, "ticket", ticket.id),
        duplicates=[] if ticket.merged_into else await suggest_duplicates(
            session, office, agent, ticket.id, now=now
        ),
        extendable=[] if ticket.merged_into else await _extendable(session, office, ticket.id, now),
    )  # fmt: skip


async def leading_status(session: AsyncSession, ticket_id: str) -> str:
    """Return the status of the ticket that this one is handled with, directly or through others."""
    ticket = await session.get_one(Ticket, ticket_id)
    while ticket.merged_into is not None:
        ticket = await session.get_one(Ticket, ticket.merged_into)
    return ticket.status


async def corrections_of(session: AsyncSession, ticket_id: str) -> list[CorrectionView]:
    """Return all notices of what was missing, newest first."""
    rows = await session.scalars(
        select(CorrectionNotice)
        .where(CorrectionNotice.ticket_id == ticket_id)
        .order_by(CorrectionNotice.created_at.desc(), CorrectionNotice.id.desc())
    )
    return [
        CorrectionView(row.id, row.items, row.due_on, row.note, row.created_at, _correction_state(row))
        for row in rows
    ]


def _correction_state(row: CorrectionNotice) -> str:
    if row.answered_at is not None:
        return "answered"
    if row.dropped_at is not None:
        return "dropped"
    return "expired" if row.expired_at is not None else "open"


async def transfers_of(session: AsyncSession, ticket_id: str) -> list[TransferView]:
    """Return all transfers of a ticket, newest first."""
    rows = list(
        await session.scalars(
            select(Transfer)
            .where(Transfer.ticket_id == ticket_id)
            .order_by(Transfer.sent_at.desc(), Transfer.id.desc())
        )
    )
    interim = await _interim_of(session, [row.id for row in rows])
    names = TransferView.__dataclass_fields__.keys() - {"interim"}
    return [
        TransferView(**{name: getattr(row, name) for name in names}, interim=interim[row.id]) for row in rows
    ]


async def _interim_of(session: AsyncSession, transfer_ids: Sequence[str]) -> dict[str, list[InterimView]]:
    found: dict[str, list[InterimView]] = {transfer_id: [] for transfer_id in transfer_ids}
    if transfer_ids:
        rows = await session.scalars(
            select(InterimFeedback)
            .where(InterimFeedback.transfer_id.in_(transfer_ids))
            .order_by(InterimFeedback.recorded_at, InterimFeedback.id)
        )
        for row in rows:
            found[row.transfer_id].append(InterimView(row.recorded_at, row.text))
    return found


async def _extensions(session: AsyncSession, condition: object) -> list[ExtensionView]:
    rows = list(
        await session.scalars(
            select(Extension).where(condition).order_by(Extension.asked_at.desc(), Extension.id.desc())
        )
    )
    names = await agents_named(session, *(r.asked_by for r in rows), *(r.decided_by for r in rows))
    return [
        ExtensionView(
            id=row.id, clock=row.clock, amount=row.amount, unit=row.unit, reason=row.reason,
            asked_by=row.asked_by, asked_by_name=names.get(row.asked_by, ""), asked_at=row.asked_at,
            decision=row.decision, decided_by_name=names.get(row.decided_by or ""),
            decided_at=row.decided_at, note=row.note,
        )
        for row in rows
    ]  # fmt: skip


async def _links(session: AsyncSession, agent: Agent, ticket: Ticket) -> list[LinkView]:
    rows = await session.scalars(
        select(TicketLink)
        .where(
            TicketLink.undone_at.is_(None),
            or_(TicketLink.from_id == ticket.id, TicketLink.to_id == ticket.id),
        )
        .order_by(TicketLink.made_at, TicketLink.id)
    )
    found = []
    for link in rows.all():
        is_from = link.from_id == ticket.id
        other = await visible(session, agent, link.to_id if is_from else link.from_id)
        role = _ROLES[LinkKind(link.kind)][0 if is_from else 1]
        seen = other_ticket(other) if other else None
        added = await _supplemented(session, link) if other and role == "absorbed" else None
        found.append(LinkView(link.id, link.kind, role, link.made_at, seen, added))
    return found


async def _supplemented(session: AsyncSession, link: TicketLink) -> datetime | None:
    return await session.scalar(
        select(TicketEntry.created_at)
        .where(
            TicketEntry.ticket_id == link.from_id,
            TicketEntry.kind == "supplement",
            TicketEntry.created_at >= link.made_at,
        )
        .order_by(TicketEntry.id.desc())
        .limit(1)
    )


#: What a ticket is in a link: as its beginning, as its end.
_ROLES = {
    LinkKind.MERGED: ("merged_into", "absorbed"),
    LinkKind.SPLIT: ("split_off", "split_from"),
    LinkKind.RELATED: ("related", "related"),
    LinkKind.DUPLICATE: ("duplicate_of", "has_duplicate"),
}


async def _follow_ups(session: AsyncSession, ticket_id: str) -> list[FollowUpView]:
    rows = list(
        await session.scalars(
            select(FollowUp)
            .where(FollowUp.ticket_id == ticket_id)
            .order_by(FollowUp.planned_at.desc(), FollowUp.id.desc())
        )
    )
    names = await agents_named(session, *(row.done_by for row in rows))
    return [
        FollowUpView(row.id, row.due_on, row.done_at, names.get(row.done_by or ""), row.outcome, row.text)
        for row in rows
    ]


async def _extendable(
    session: AsyncSession, office: Office, ticket_id: str, now: datetime
) -> list[ClockChoice]:
    """Return the clocks for which more time may be asked: not late, no request waiting."""
    waiting = set(
        await session.scalars(
            select(Extension.clock_id).where(
                Extension.ticket_id == ticket_id, Extension.decided_at.is_(None)
            )
        )
    )
    rows = await session.scalars(
        select(SlaClock)
        .where(
            SlaClock.subject_id == ticket_id,
            SlaClock.stopped_at.is_(None),
            SlaClock.state.in_(("running", "paused")),
        )
        .order_by(SlaClock.due_at)
    )
    return [
        ClockChoice(clock.clock, target.amount, target.unit.value, clock.due_at)
        for clock in rows
        if clock.id not in waiting and (clock.state == "paused" or now <= clock.due_at)
        for target in (sla.promised(office.sla, clock),)
    ]


# --- what waits for somebody, over all tickets ----------------------------------------------


@dataclass(frozen=True)
class Task:
    """One thing that waits for staff.

    Attributes:
        kind: extension | correction | transfer | follow_up
        on: Local day or instant that orders it.
        text: What it is about, as staff wrote it.
    """

    kind: str
    ticket: OtherTicket
    on: date | datetime
    text: str


async def tasks(
    session: AsyncSession, office: Office, agent: Agent, *, now: datetime, limit: int = 50
) -> dict[str, list[Task]]:
    """Return what waits: requests to decide, corrections past their date, transfers without
    feedback, follow-ups that are due; of each kind the oldest, at most `limit`."""
    today = office.calendar.local_date(now)
    queries = {
        "extension": select(Ticket, Extension.asked_at, Extension.reason)
        .join(Extension, Extension.ticket_id == Ticket.id)
        .where(Extension.decided_at.is_(None))
        .order_by(Extension.asked_at),
        "correction": select(Ticket, CorrectionNotice.due_on, CorrectionNotice.note)
        .join(CorrectionNotice, CorrectionNotice.ticket_id == Ticket.id)
        .where(
            CorrectionNotice.expired_at.is_not(None),
            CorrectionNotice.answered_at.is_(None),
            CorrectionNotice.dropped_at.is_(None),
        )
        .order_by(CorrectionNotice.due_on),
        "transfer": select(Ticket, Transfer.sent_at, Transfer.authority)
        .join(Transfer, Transfer.ticket_id == Ticket.id)
        .where(Transfer.feedback_at.is_(None))
        .order_by(Transfer.sent_at),
        "follow_up": select(Ticket, FollowUp.due_on, FollowUp.text)
        .join(FollowUp, FollowUp.ticket_id == Ticket.id)
        .where(FollowUp.done_at.is_(None), FollowUp.due_on <= today)
        .order_by(FollowUp.due_on),
    }
    # What is merged or not for this agent must not take a place among the oldest.
    theirs = (Ticket.merged_into.is_(None), within(Ticket.region, scope_of(agent)))
    return {
        kind: [
            Task(kind, other_ticket(ticket), on, text)
            for ticket, on, text in await session.execute(query.where(*theirs).limit(limit))
        ]
        for kind, query in queries.items()
    }

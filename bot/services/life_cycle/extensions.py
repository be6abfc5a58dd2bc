"""More time for a clock: an agent asks, a supervisor decides (延期)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest, ReasonRequired
from bot.helpdesk.life_cycle import ExtensionRefused, TicketMerged
from bot.helpdesk.targets import LARGEST
from bot.services import audit, sla
from bot.services.desk_work import access_ticket, tell_citizen
from bot.services.ids import new_id
from bot.services.life_cycle import reasons
from bot.services.office import Office
from bot.services.tickets import touch
from bot.services.views import TicketView, ticket_view
from bot.store.tables import Agent, Extension, SlaClock, Ticket

REASON_MAX_CHARS = 1000
#: At most this many times what was promised, all extensions of a clock together.
_MOST_TIMES = 2


async def request_extension(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    ticket_id: str,
    *,
    clock: str,
    amount: int,
    reason: str,
    version: int,
    now: datetime,
) -> TicketView:
    """Ask for more time for a running clock, in the unit of its target.

    Args:
        clock: Name of the clock.
        amount: In the unit of the clock's target; positive.
    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        TicketMerged: Nothing is owed on a merged ticket.
        ReasonRequired: No reason was given.
        ExtensionRefused: A request waits already, the clock has ended or is late, or what was granted and
            asked for is too much together.
        BadRequest: The amount is not positive, or the reason is too long.
    """
    ticket = await access_ticket(session, agent, ticket_id, version=version)
    if ticket.merged_into:
        raise TicketMerged
    reason = reasons.given(reason, limit=REASON_MAX_CHARS)
    running = await _extendable(session, ticket, clock, now)
    target = sla.promised(office.sla, running)
    if amount < 1:
        raise BadRequest(field="amount")
    if await _pending(session, running.id):
        raise ExtensionRefused(why="pending")
    before = sum(one.amount for one in await sla.granted(session, running.id) if one.unit is target.unit)
    if before + amount > min(target.amount * _MOST_TIMES, LARGEST[target.unit]):
        raise ExtensionRefused(why="much")
    extension = Extension(
        id=new_id(now), ticket_id=ticket.id, clock=clock, clock_id=running.id,
        amount=amount, unit=target.unit.value, reason=reason, asked_by=agent.id, asked_at=now,
    )  # fmt: skip
    session.add(extension)
    audit.record(
        session, ticket, actor=agent.id, action="ticket.extension_requested", now=now, reason=reason,
        new={"extension": extension.id, "clock": clock, "amount": amount, "unit": extension.unit},
    )  # fmt: skip
    touch(session, ticket, now)
    return ticket_view(ticket)


async def decide_extension(
    session: AsyncSession,
    office: Office,
    supervisor: Agent,
    ticket_id: str,
    extension_id: str,
    *,
    approve: bool,
    note: str = "",
    version: int,
    now: datetime,
) -> TicketView:
    """Approve a request, which moves the due date, or refuse it.

    The amount is added to what was promised and the clock counted anew from its start, pauses and
    holidays included; `sla explain` shows it. The entry point checks the role; that nobody decides
    on their own request is checked here.

    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        ExtensionRefused: It is decided, it is one's own, the clock has ended or is late, or it is promised in
            another unit by now.
        ReasonRequired: A refusal needs a note, which the agent reads.
        BadRequest: This ticket has no such request, or the note is too long.
    """
    ticket = await access_ticket(session, supervisor, ticket_id, version=version)
    extension = await session.get(Extension, extension_id, with_for_update=True, populate_existing=True)
    if extension is None or extension.ticket_id != ticket.id:
        raise BadRequest(field="extension")
    if extension.decided_at is not None:
        raise ExtensionRefused(why="decided")
    if extension.asked_by == supervisor.id:
        raise ExtensionRefused(why="own")
    note = note.strip()
    if not approve and not note:
        raise ReasonRequired
    if len(note) > REASON_MAX_CHARS:
        raise BadRequest(field="note")
    clock = await _extendable(session, ticket, extension.clock, now) if approve else None
    if clock is not None and clock.id != extension.clock_id:
        raise ExtensionRefused(why="ended")
    if clock is not None and sla.promised(office.sla, clock).unit != extension.unit:
        # A later promise in another unit: adding nothing must not be told as more time.
        raise ExtensionRefused(why="unit")
    extension.decided_by, extension.decided_at, extension.note = supervisor.id, now, note
    extension.decision = "approved" if approve else "refused"
    await session.flush()
    if clock is not None:
        await _grant(session, office, supervisor, ticket, extension, clock, now)
    else:
        audit.record(
            session, ticket, actor=supervisor.id, action="ticket.extension_refused", now=now,
            new={"extension": extension.id, "clock": extension.clock}, reason=note,
        )  # fmt: skip
    touch(session, ticket, now)
    return ticket_view(ticket)


async def _grant(
    session: AsyncSession,
    office: Office,
    supervisor: Agent,
    ticket: Ticket,
    extension: Extension,
    clock: SlaClock,
    now: datetime,
) -> None:
    before = clock.due_at
    await sla.extend_clock(session, office.sla, ticket, clock, now=now)
    audit.record(
        session, ticket, actor=supervisor.id, action="ticket.extended", now=now,
        old={"clock": clock.clock, "due_at": before.isoformat()},
        new={"clock": clock.clock, "due_at": clock.due_at.isoformat(), "extension": extension.id},
        reason=extension.reason,
    )  # fmt: skip
    words = office.texts(
        "life_cycle.extension.told",
        number=ticket.number,
        due=office.moment(clock.due_at, now),
        reason=extension.reason,
    )
    await tell_citizen(session, ticket, words, now=now)


async def _extendable(
    session: AsyncSession, ticket: Ticket, name: str, now: datetime
) -> SlaClock:
    clocks = await sla.extendable_clocks(session, ticket.id, now=now)
    found = next((clock for clock in clocks if clock.clock == name), None)
    if found is None:
        raise ExtensionRefused(why="ended")
    return found


async def _pending(session: AsyncSession, clock_id: str) -> str | None:
    return await session.scalar(
        select(Extension.id).where(Extension.clock_id == clock_id, Extension.decided_at.is_(None))
    )

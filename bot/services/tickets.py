"""Tickets as citizens use them: open one, look it up, add to it, take it back."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.audit import GENESIS
from bot.helpdesk.errors import BadRequest, ConversationNotFound, HelpdeskError, TicketNotFound
from bot.helpdesk.identifiers import (
    SERIAL_LIMIT,
    TICKET_PREFIXES,
    make_ticket_number,
    parse_ticket_number,
)
from bot.helpdesk.life_cycle import TicketMerged, matter_of
from bot.helpdesk.ticket import FINISHED, TicketStatus, check_transition
from bot.services import audit, sla
from bot.services.conversations import locked_all
from bot.services.ids import new_id
from bot.services.life_cycle.after_step import after_step
from bot.services.office import Office
from bot.services.outgoing.happenings import ticket_happened
from bot.services.views import TicketView, ticket_view
from bot.store.bulk import insert_rows
from bot.store.database import announce
from bot.store.tables import Conversation, Evidence, Ticket, TicketEntry, TicketEvent

SUPPLEMENT_MAX_CHARS = 4000
_NUMBER_TRIES = 5


@dataclass(frozen=True)
class TicketDraft:
    """What a form collected.

    Attributes:
        facts: Field name → value, as the form keeps them.
        subject: One line for lists.
        region: Division code of the place that the form names, see `Divisions.region_of`.
        routed: How it was routed, sealed after the opening; None if no form opens it.
        note: Note of the system for staff, empty for none.
    """

    kind: str
    subject: str
    facts: dict[str, Any]
    queue: str
    channel: str
    conversation_id: str
    region: str | None = None
    centre: str = "main"
    urgency: str = "normal"
    routed: Mapping[str, Any] | None = None
    note: str = ""

    def idempotency_key(self) -> str:
        """Return the key under which the same form, sent twice, is one ticket."""
        body = json.dumps(
            [self.conversation_id, self.kind, self.facts], ensure_ascii=False, sort_keys=True
        )
        return hashlib.sha256(body.encode()).hexdigest()


@dataclass(frozen=True)
class OpenedTicket:
    """A ticket with the code that opens it; `created` is False if it stood already."""

    ticket: TicketView
    code: str
    created: bool


async def open_ticket(
    session: AsyncSession, office: Office, draft: TicketDraft, *, now: datetime
) -> OpenedTicket:
    """Open a ticket once; see `open_tickets`.

    Raises:
        ConversationNotFound: There is no such conversation.
    """
    (outcome,) = await open_tickets(session, office, [draft], now=now)
    if isinstance(outcome, HelpdeskError):
        raise outcome
    return outcome


async def open_tickets(
    session: AsyncSession,
    office: Office,
    drafts: Sequence[TicketDraft],
    *,
    now: datetime,
    locked: Mapping[str, Conversation] | None = None,
) -> list[OpenedTicket | HelpdeskError]:
    """Open each ticket once: its audit chain and clocks start in the same transaction.

    The number of statements does not depend on the number of drafts. Evidence that a citizen
    handed in earlier in the conversation goes to the first of its tickets.

    Args:
        locked: The conversations by id, if the caller has locked them.

    Returns:
        For each draft its ticket, or why there is none; one that fails does not touch the others.
    """
    # Rows are locked in one order everywhere: the conversations, then their tickets.
    found = locked
    if found is None:
        found = await locked_all(session, {draft.conversation_id for draft in drafts})
    keys = [draft.idempotency_key() for draft in drafts]
    standing: dict[str, Ticket] = await _with_keys(session, keys)
    fresh = {
        key: draft
        for key, draft in zip(keys, drafts, strict=True)
        if key not in standing and draft.conversation_id in found
    }
    made = await _insert(session, office, fresh, now)
    outcomes: list[OpenedTicket | HelpdeskError] = []
    for key in keys:
        if (ticket := standing.get(key) or made.get(key)) is None:
            outcomes.append(ConversationNotFound())
            continue
        outcomes.append(_opened(office, ticket, created=key not in standing))
        # The same form a second time in this call is the ticket just opened.
        standing[key] = ticket
    return outcomes


async def _insert(
    session: AsyncSession, office: Office, drafts: Mapping[str, TicketDraft], now: datetime
) -> dict[str, Ticket]:
    """Store new tickets with all that belongs to them; return them by idempotency key.

    A number that another transaction took between the look and the insert is drawn again.
    """
    evidence = await _waiting_evidence(session, drafts.values())
    for attempt in range(1, _NUMBER_TRIES + 1):
        numbers = await _free_numbers(session, office, [draft.kind for draft in drafts.values()], now)
        made = {
            key: _new_ticket(office, draft, key, number, now)
            for (key, draft), number in zip(drafts.items(), numbers, strict=True)
        }
        entries = [
            entry
            for key, ticket in made.items()
            for entry in _first_entries(ticket, drafts[key], evidence.get(key, ()), now)
        ]
        notes = [
            system_note(made[key], draft.note, now=now) for key, draft in drafts.items() if draft.note
        ]
        clocks = sla.clocks_of_new(office.sla, made.values(), now=now)
        try:
            await insert_rows(session, [*made.values(), *clocks, *entries, *notes])
        except IntegrityError:
            if attempt == _NUMBER_TRIES:
                raise
            continue
        for key, ticket in made.items():
            for row in evidence.get(key, ()):
                row.ticket_id = ticket.id
            announce(session, "staff", {"type": "ticket_changed", "id": ticket.id})
            ticket_happened(session, "ticket.opened", ticket, now=now)
        return made
    raise AssertionError("unreachable")


async def insert_ticket(
    session: AsyncSession, office: Office, draft: TicketDraft, key: str | None, now: datetime
) -> Ticket:
    """Insert a ticket without clocks and audit entry; a number that is taken is drawn again."""
    for attempt in range(1, _NUMBER_TRIES + 1):
        ticket = _new_ticket(office, draft, key, _number(office, draft.kind, now), now)
        try:
            async with session.begin_nested():
                session.add(ticket)
                await session.flush()
        except IntegrityError:
            if attempt == _NUMBER_TRIES:
                raise
        else:
            return ticket
    raise AssertionError("unreachable")


def party_key_of(office: Office, facts: dict[str, Any]) -> str | None:
    """Return the key by which duplicates are found, None when the facts name no party."""
    matter = matter_of(facts)
    return office.signer.party_key(matter) if matter else None


def system_note(ticket: Ticket, text: str, *, now: datetime) -> TicketEntry:
    """Return a note of the system on the timeline, for staff only; the caller seals and stores it."""
    return TicketEntry(ticket_id=ticket.id, kind="note", text=text, created_at=now)


def sealed_text(text: str) -> dict[str, Any]:
    """Return what the chain keeps of a text."""
    return {"text_sha256": hashlib.sha256(text.encode()).hexdigest()}


def _first_entries(
    ticket: Ticket, draft: TicketDraft, evidence: Iterable[Evidence], now: datetime
) -> Iterator[TicketEvent]:
    """Yield the entries with which the ticket's chain begins, each sealed upon the one before."""
    yield _opening_entry(ticket, evidence, now)
    if draft.routed is not None:
        new = dict(draft.routed)
        yield audit.next_entry(ticket, actor="system", action="ticket.routed", now=now, new=new)
    if draft.note:
        new = sealed_text(draft.note)
        yield audit.next_entry(ticket, actor="system", action="ticket.noted", now=now, new=new)


def _opening_entry(ticket: Ticket, evidence: Iterable[Evidence], now: datetime) -> TicketEvent:
    facts = {"facts": ticket.facts, "evidence": [row.sha256 for row in evidence]}
    new = {"status": ticket.status, "kind": ticket.kind, **facts}
    return audit.next_entry(ticket, actor="citizen", action="ticket.opened", now=now, new=new)


async def _free_numbers(
    session: AsyncSession, office: Office, kinds: Sequence[str], now: datetime
) -> list[str]:
    """Draw a number for each kind that no ticket has."""
    numbers: list[str] = []
    while len(numbers) < len(kinds):
        drawn = dict.fromkeys(_number(office, kind, now) for kind in kinds[len(numbers) :])
        taken = set(await session.scalars(select(Ticket.number).where(Ticket.number.in_(drawn))))
        if len(drawn) == len(kinds) - len(numbers) and not taken.union(numbers).intersection(drawn):
            numbers.extend(drawn)
    return numbers


async def _waiting_evidence(
    session: AsyncSession, drafts: Collection[TicketDraft]
) -> dict[str, list[Evidence]]:
    """Return, by idempotency key, what the conversations handed in before for no ticket yet."""
    if not drafts:
        return {}
    first = {draft.conversation_id: draft.idempotency_key() for draft in reversed(list(drafts))}
    rows = await session.scalars(
        select(Evidence)
        .where(Evidence.conversation_id.in_(first), Evidence.ticket_id.is_(None))
        .order_by(Evidence.id)
    )
    waiting: dict[str, list[Evidence]] = {}
    for row in rows:
        waiting.setdefault(first[str(row.conversation_id)], []).append(row)
    return waiting


async def _with_keys(session: AsyncSession, keys: Sequence[str]) -> dict[str, Ticket]:
    rows = await session.scalars(select(Ticket).where(Ticket.idempotency_key.in_(keys)))
    return {str(ticket.idempotency_key): ticket for ticket in rows}


def _number(office: Office, kind: str, now: datetime) -> str:
    """Return a number with random serial: numbers tell nobody how many tickets there are."""
    day = now.astimezone(office.calendar.zone).date()
    return make_ticket_number(TICKET_PREFIXES[kind], day, secrets.randbelow(SERIAL_LIMIT))


def _new_ticket(
    office: Office, draft: TicketDraft, key: str | None, number: str, now: datetime
) -> Ticket:
    return Ticket(
        id=new_id(now),
        number=number,
        kind=draft.kind,
        status=TicketStatus.SUBMITTED,
        is_finished=False,
        subject=draft.subject[:120],
        facts=draft.facts,
        queue=draft.queue,
        region=draft.region,
        centre=draft.centre,
        urgency=draft.urgency,
        channel=draft.channel,
        conversation_id=draft.conversation_id,
        idempotency_key=key,
        party_key=party_key_of(office, draft.facts),
        version=1,
        audit_seq=0,
        audit_head=GENESIS,
        opened_at=now,
        updated_at=now,
    )


def _opened(office: Office, ticket: Ticket, *, created: bool) -> OpenedTicket:
    return OpenedTicket(ticket_view(ticket), office.signer.query_code(ticket.number), created)


async def ticket_by_code(
    session: AsyncSession, office: Office, number: str, code: str, *, lock: bool = False
) -> Ticket:
    """Return the ticket that number and code open.

    Raises:
        TicketNotFound: Wrong number or wrong code; which of them is not told.
    """
    parsed = parse_ticket_number(number) or ""
    query = select(Ticket).where(Ticket.number == parsed)
    ticket = await session.scalar(query.with_for_update() if lock else query)
    # The code is computed in both cases, so that the answer takes the same time.
    matches = office.signer.matches_code(parsed, code)
    if ticket is None or not matches:
        raise TicketNotFound
    return ticket


async def look_up(session: AsyncSession, office: Office, number: str, code: str) -> TicketView:
    """Return a ticket to a citizen who knows number and code.

    Raises:
        TicketNotFound: Wrong number or wrong code; which of them is not told.
    """
    return ticket_view(await ticket_by_code(session, office, number, code))


async def supplement(
    session: AsyncSession, office: Office, number: str, code: str, *, text: str, now: datetime
) -> TicketView:
    """Add what the citizen wrote; a ticket waiting for a correction goes back to `submitted`.

    Raises:
        TicketNotFound: Wrong number or wrong code.
        BadRequest: Nothing was written, too much was written, or the ticket is archived.
    """
    ticket = await ticket_by_code(session, office, number, code, lock=True)
    text = text.strip()
    if not text or len(text) > SUPPLEMENT_MAX_CHARS:
        raise BadRequest(field="text")
    if ticket.status in (TicketStatus.CLOSED, TicketStatus.WITHDRAWN):
        raise BadRequest(field="status")
    session.add(TicketEntry(ticket_id=ticket.id, kind="supplement", text=text, created_at=now))
    audit.record(
        session, ticket, actor="citizen", action="ticket.supplemented", now=now,
        new=sealed_text(text),
    )  # fmt: skip
    if ticket.merged_into is not None:
        # Whoever works on the other ticket learns of it; that row is not locked here.
        announce(session, "staff", {"type": "ticket_changed", "id": ticket.merged_into})
    if ticket.status == TicketStatus.NEEDS_CORRECTION and ticket.merged_into is None:
        await move(session, office, ticket, TicketStatus.SUBMITTED, actor="citizen", reason="", now=now)
    else:
        touch(session, ticket, now)
    return ticket_view(ticket)


async def withdraw(
    session: AsyncSession, office: Office, number: str, code: str, *, reason: str, now: datetime
) -> TicketView:
    """Take a ticket back; the same form may be sent again afterwards.

    Raises:
        TicketNotFound: Wrong number or wrong code.
        IllegalTransition: It is decided already.
        ReasonRequired: No reason was given.
        TicketMerged: It is handled with another one; staff take it out first.
    """
    ticket = await ticket_by_code(session, office, number, code, lock=True)
    await move(
        session, office, ticket, TicketStatus.WITHDRAWN, actor="citizen", reason=reason, now=now
    )
    ticket.idempotency_key = None
    return ticket_view(ticket)


async def move(
    session: AsyncSession,
    office: Office,
    ticket: Ticket,
    to: TicketStatus,
    *,
    actor: str,
    reason: str,
    now: datetime,
    reason_code: str | None = None,
) -> None:
    """Take one step of the state table; the caller holds the row.

    Args:
        reason_code: Code from the catalogue whose words `reason` begins with; sealed, to count by.
    Raises:
        TicketMerged: The ticket is handled with another one.
        IllegalTransition: The table has no such step.
        ReasonRequired: The step needs a reason.
    """
    if ticket.merged_into is not None:
        raise TicketMerged
    old = TicketStatus(ticket.status)
    check_transition(old, to, reason)
    ticket.status = to
    ticket.is_finished = to in FINISHED
    audit.record(
        session, ticket, actor=actor, action="ticket.status_changed", now=now,
        old={"status": old.value}, reason=reason.strip(),
        new={"status": to.value} | ({"reason_code": reason_code} if reason_code else {}),
    )  # fmt: skip
    await sla.on_status_changed(session, office.sla, ticket, old, to, now=now)
    await after_step(session, office, ticket, old, to, actor=actor, now=now)
    touch(session, ticket, now)
    if to is TicketStatus.RESOLVED:
        ticket_happened(session, "ticket.resolved", ticket, now=now)


def touch(session: AsyncSession, ticket: Ticket, now: datetime) -> None:
    """Count a change, so that an agent who looked before it has to look again."""
    ticket.version += 1
    ticket.updated_at = now
    announce(session, "staff", {"type": "ticket_changed", "id": ticket.id})
    ticket_happened(session, "ticket.changed", ticket, now=now)

"""Opening tickets: each once, with its clocks and the beginning of its audit chain, many in a few statements."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.audit import GENESIS
from bot.helpdesk.errors import ConversationNotFound, HelpdeskError
from bot.helpdesk.identifiers import (
    SERIAL_LIMIT,
    TICKET_PREFIXES,
    make_ticket_number,
)
from bot.helpdesk.life_cycle import matter_of
from bot.helpdesk.ticket import TicketStatus
from bot.services import audit, sla
from bot.services.conversations import locked_all
from bot.services.ids import new_id
from bot.services.office import Office
from bot.services.outgoing.happenings import ticket_happened
from bot.services.views import TicketView, ticket_view
from bot.store.bulk import Row, insert_rows
from bot.store.database import announce
from bot.store.tables import Conversation, Evidence, Ticket, TicketEntry

_NUMBER_TRIES = 5
# Built once: to build a statement takes longer than to run it.
_WITH_KEYS = select(Ticket).where(Ticket.idempotency_key.in_(bindparam("keys", expanding=True)))
_TAKEN = select(Ticket.number).where(Ticket.number.in_(bindparam("numbers", expanding=True)))
_WAITING_EVIDENCE = (
    select(Evidence)
    .where(Evidence.conversation_id.in_(bindparam("conversations", expanding=True)), Evidence.ticket_id.is_(None))
    .order_by(Evidence.id)
)


@dataclass(frozen=True)
class TicketDraft:
    """What a form collected.

    Attributes:
        facts: Field name → value, as the form keeps them.
        subject: One line for lists.
        region: Division code of the place that the form names, see `Divisions.region_of`.
        priority: Where staff have set one already; None: what is urgent begins as such.
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
    priority: str | None = None
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
            tell_opened(session, ticket, now=now)
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


def tell_opened(session: AsyncSession, ticket: Ticket, *, now: datetime) -> None:
    """Let consoles and webhooks know that there is a new ticket."""
    announce(session, "staff", {"type": "ticket_changed", "id": ticket.id})
    ticket_happened(session, "ticket.opened", ticket, now=now)


def party_key_of(office: Office, facts: dict[str, Any]) -> str | None:
    """Return the key by which duplicates are found, None when the facts name no party."""
    matter = matter_of(facts)
    return office.signer.party_key(matter) if matter else None


def system_note(ticket: Ticket, text: str, *, now: datetime) -> TicketEntry:
    """Return a note of the system on the timeline, for staff only; the caller seals and stores it."""
    return TicketEntry(ticket_id=ticket.id, kind="note", text=text, created_at=now)


def _first_entries(
    ticket: Ticket, draft: TicketDraft, evidence: Iterable[Evidence], now: datetime
) -> Iterator[Row]:
    """Yield the entries with which the ticket's chain begins, each sealed upon the one before."""
    yield _opening_entry(ticket, evidence, now)
    if draft.routed is not None:
        new = dict(draft.routed)
        yield audit.next_entry(ticket, actor="system", action="ticket.routed", now=now, new=new)
    if draft.note:
        new = audit.sealed_text(draft.note)
        yield audit.next_entry(ticket, actor="system", action="ticket.noted", now=now, new=new)


def _opening_entry(ticket: Ticket, evidence: Iterable[Evidence], now: datetime) -> Row:
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
        taken = set(await session.scalars(_TAKEN, {"numbers": list(drawn)}))
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
    rows = await session.scalars(_WAITING_EVIDENCE, {"conversations": list(first)})
    waiting: dict[str, list[Evidence]] = {}
    for row in rows:
        waiting.setdefault(first[str(row.conversation_id)], []).append(row)
    return waiting


async def _with_keys(session: AsyncSession, keys: Sequence[str]) -> dict[str, Ticket]:
    rows = await session.scalars(_WITH_KEYS, {"keys": list(keys)})
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
        priority=draft.priority or draft.urgency,
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

"""Reading what changed into the search.

Entries of the audit chain are read in the order of their numbers. On PostgreSQL a transaction may commit after
one that drew a higher number, so the last moments are read again each time; a ticket whose last entry is known costs
nothing then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.identifiers import check_phone
from bot.services.forms import FieldType, FormCatalogue
from bot.services.search import derived
from bot.services.search.grams import grams_of, readable, simplified
from bot.services.signing import Signer
from bot.store.tables import (
    Base,
    SearchProgress,
    Ticket,
    TicketContact,
    TicketEntry,
    TicketEvent,
    TicketSearch,
)

#: No transaction of ours takes longer.
SETTLED_AFTER = timedelta(minutes=1)
BATCH = 500


async def catch_up(
    session: AsyncSession,
    forms: FormCatalogue,
    signer: Signer,
    *,
    now: datetime,
    after: int | None = None,
    limit: int = BATCH,
) -> int | None:
    """Read one batch of audit entries; the transaction is a writing one.

    Args:
        after: Number of the last entry read by the batch before; None begins where the search stands.
        limit: Entries a batch.
    Returns:
        What to give as `after` next, None when there is no more.
    """
    await derived.make(session)
    known = await session.scalar(select(SearchProgress.last_event_id)) or 0
    events = (
        await session.execute(
            select(TicketEvent.id, TicketEvent.ticket_id, TicketEvent.at)
            .where(TicketEvent.id > (known if after is None else after))
            .order_by(TicketEvent.id)
            .limit(limit)
        )
    ).all()
    stale = await _stale(session, {event.ticket_id for event in events})
    await _store(session, forms, signer, stale)
    # Only a batch that follows on what is settled may move the mark.
    if after is None or after == known:
        await _move_mark(session, _settled(events, known, now), known)
    return events[-1].id if len(events) == limit else None


async def _stale(session: AsyncSession, ticket_ids: Iterable[str]) -> Sequence[Ticket]:
    """Return the tickets that have changed since they were read last."""
    query = (
        select(Ticket)
        .outerjoin(TicketSearch, TicketSearch.ticket_id == Ticket.id)
        .where(Ticket.id.in_(list(ticket_ids)))
        .where(TicketSearch.audit_seq.is_(None) | (TicketSearch.audit_seq < Ticket.audit_seq))
    )
    return (await session.scalars(query.order_by(Ticket.id))).all()


async def _store(
    session: AsyncSession, forms: FormCatalogue, signer: Signer, tickets: Sequence[Ticket]
) -> None:
    if not tickets:
        return
    said = defaultdict(list)
    ids = [ticket.id for ticket in tickets]
    for entry in await session.scalars(
        select(TicketEntry).where(TicketEntry.ticket_id.in_(ids)).order_by(TicketEntry.id)
    ):
        said[entry.ticket_id].append(entry.text)
    rows, contacts = [], []
    for ticket in tickets:
        words, phones = _words_and_phones(forms, ticket)
        # Number and subject stand on the list anyway, so where a word is hit is looked for elsewhere first.
        text = readable(" ".join([*words, *said[ticket.id], ticket.subject, ticket.number]))
        if (simple := simplified(text)) != text:
            # Found by both kinds of characters, shown as it was written.
            text = f"{text} {simple}"
        rows.append(
            {"ticket_id": ticket.id, "audit_seq": ticket.audit_seq, "text": text, "grams": " ".join(grams_of(text))}
        )
        contacts += [{"ticket_id": ticket.id, "key": key} for key in {signer.contact_key(phone) for phone in phones}]
    await _put(session, TicketSearch, rows, key="ticket_id", replace=("audit_seq", "text", "grams"))
    await session.execute(delete(TicketContact).where(TicketContact.ticket_id.in_(ids)))
    await _put(session, TicketContact, contacts)


def _words_and_phones(forms: FormCatalogue, ticket: Ticket) -> tuple[list[str], list[str]]:
    """Return what is found by words, and the numbers that are found by hash only.

    What a form calls sensitive is not found by words, and neither is anything that is a telephone number.
    """
    form = next((form for form in forms.forms if form.ticket_kind == ticket.kind), None)
    types = {field.name: field.type for field in form.fields} if form else {}
    words, phones = [], []
    for line in forms.describe(ticket.kind, ticket.facts):
        value = str(ticket.facts.get(line.name) or "")
        phone = check_phone(value) if types.get(line.name, FieldType.PHONE) is FieldType.PHONE else None
        if phone and phone.valid:
            phones.append(phone.value)
        elif line.shown and not line.sensitive:
            words.append(line.shown)
    return words, phones


async def _put(
    session: AsyncSession,
    table: type[Base],
    rows: list[dict[str, object]],
    *,
    key: str | None = None,
    replace: tuple[str, ...] = (),
) -> None:
    """Insert rows; where one stands already, replace the named columns or leave it."""
    if not rows:
        return
    insert = (sqlite if derived.is_sqlite(session) else postgresql).insert(table.__table__)
    if key:
        new = {name: insert.excluded[name] for name in replace}
        statement = insert.on_conflict_do_update(index_elements=[key], set_=new)
    else:
        statement = insert.on_conflict_do_nothing()
    await session.execute(statement, rows)


def _settled(events: Sequence[Row[tuple[int, str, datetime]]], known: int, now: datetime) -> int:
    """Return the number of the last entry before which none can appear any more."""
    for event in events:
        if event.at > now - SETTLED_AFTER:
            return known
        known = event.id
    return known


async def _move_mark(session: AsyncSession, mark: int, known: int) -> None:
    if mark > known:
        row = {"id": 1, "last_event_id": mark}
        await _put(session, SearchProgress, [row], key="id", replace=("last_event_id",))

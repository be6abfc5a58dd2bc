"""From what an agent typed to the tickets that have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Text

from bot.helpdesk.errors import HelpdeskError
from bot.helpdesk.identifiers import check_phone
from bot.services.search import derived
from bot.services.search.grams import grams_of, highlights, simplified, terms_of
from bot.services.signing import Signer
from bot.store.tables import Ticket, TicketContact, TicketSearch

#: Of a word that nearly every ticket has, the newest are looked at; another word narrows it down.
HITS_MAX = 2000


class SearchTooShort(HelpdeskError):
    """Type at least two letters or figures that stand together."""

    code = "search_too_short"


async def condition(session: AsyncSession, signer: Signer, query: str) -> ColumnElement[bool]:
    """Return the condition on `Ticket` that what was typed sets.

    A telephone number is looked up by its keyed hash, and as words besides: it may stand in a story.

    Raises:
        SearchTooShort: There is no pair of characters in it to look for.
    """
    ways = _ways_of(query)
    if not any(grams_of(term) for term in ways[0]):
        raise SearchTooShort
    by_words = Ticket.id.in_([ticket_id for terms in ways for ticket_id in await _hits(session, terms)])
    phone = check_phone(query)
    if not phone.valid:
        return by_words
    key = signer.contact_key(phone.value)
    return by_words | Ticket.id.in_(select(TicketContact.ticket_id).where(TicketContact.key == key))


def _ways_of(query: str) -> list[list[str]]:
    """Return the words to look for as they were typed, and in simplified characters where that is something else."""
    terms = terms_of(query)
    simple = [simplified(term) for term in terms]
    return [terms] if simple == terms else [terms, simple]


async def _hits(session: AsyncSession, terms: Sequence[str]) -> Sequence[str]:
    """Return the ids of the newest tickets that have all terms, word for word."""
    grams = list(dict.fromkeys(gram for term in terms for gram in grams_of(term)))
    if not await derived.is_made(session):
        return []
    query = select(TicketSearch.ticket_id).order_by(TicketSearch.id.desc()).limit(HITS_MAX)
    if derived.is_sqlite(session):
        asked = " ".join(f'"{gram}"' for gram in grams)
        found = text("SELECT rowid FROM ticket_fts WHERE ticket_fts MATCH :asked").bindparams(asked=asked)
        query = query.where(TicketSearch.id.in_(found))
    else:
        stored = func.string_to_array(TicketSearch.grams, " ", type_=ARRAY(Text))
        query = query.where(stored.contains(literal(list(grams), ARRAY(Text))))
    for term in terms:
        query = query.where(TicketSearch.text.icontains(term, autoescape=True))
    return (await session.scalars(query)).all()


async def excerpts(
    session: AsyncSession, ticket_ids: Sequence[str], query: str
) -> Mapping[str, list[tuple[str, bool]]]:
    """Return, for each ticket of a page of results, where it was hit (see `highlights`)."""
    terms = [term for way in _ways_of(query) for term in way]
    rows = await session.execute(
        select(TicketSearch.ticket_id, TicketSearch.text).where(TicketSearch.ticket_id.in_(ticket_ids))
    )
    return {ticket_id: highlights(words, terms) for ticket_id, words in rows}

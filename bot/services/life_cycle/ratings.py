"""Ratings: offered once for each handled episode, answered once or never.

The row is what makes it once: it is made with the first offer and never again for the same resolution of
a ticket, or the same handoff. A ticket that was reopened and is resolved again is a new episode; what was
said of the one before stays. The offer is a message of the system, which starts no turn and asks for nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest
from bot.helpdesk.life_cycle import SCORES, RatingClosed, RatingNotFound
from bot.helpdesk.ticket import TicketStatus
from bot.services import audit
from bot.services.conversations import add_outgoing
from bot.services.ids import new_id
from bot.services.office import Office
from bot.services.outbox import deliver_from
from bot.services.telling import tell_citizen
from bot.store.database import announce
from bot.store.tables import Conversation, Handoff, Rating, Ticket, TicketEvent

RATING_TEXT_MAX_CHARS = 1000
PATH = "/rate/"


@dataclass(frozen=True)
class Verdict:
    """What a citizen says about an episode.

    Attributes:
        score: 1 to 5.
        solved: Whether the matter is settled; None when left out.
    """

    score: int
    solved: bool | None = None
    text: str = ""


@dataclass(frozen=True)
class RatingView:
    """A rating as forms and pages show it; `round` counts the resolutions of a ticket from 1."""

    subject_kind: str
    subject_id: str
    round: int
    offered_at: datetime
    answered_at: datetime | None
    score: int | None
    solved: bool | None
    text: str


async def offer_for_ticket(
    session: AsyncSession, office: Office, ticket: Ticket, *, now: datetime
) -> None:
    """Offer the rating of a ticket that was just resolved; the caller holds conversation and ticket."""
    round_ = await _resolutions(session, ticket)
    body = await _offer(session, office, "ticket", ticket.id, now, round_=round_)
    if body:
        key = "life_cycle.rating.ticket" if round_ == 1 else "life_cycle.rating.ticket_again"
        words = office.texts(key, number=ticket.number)
        await tell_citizen(session, ticket, words, now=now, body=body)


async def _resolutions(session: AsyncSession, ticket: Ticket) -> int:
    """Return how often the ticket was resolved, as its audit chain tells."""
    await session.flush()
    return await session.scalar(
        select(func.count())
        .select_from(TicketEvent)
        .where(
            TicketEvent.ticket_id == ticket.id,
            TicketEvent.action == "ticket.status_changed",
            TicketEvent.new["status"].as_string() == TicketStatus.RESOLVED.value,
        )
    ) or 0  # fmt: skip


async def offer_for_handoff(
    session: AsyncSession,
    office: Office,
    conversation: Conversation,
    handoff: Handoff | None,
    *,
    now: datetime,
) -> None:
    """Offer the rating of an episode in which a person answered; the caller holds the conversation."""
    if handoff is None or handoff.first_reply_at is None:
        return
    body = await _offer(session, office, "handoff", handoff.id, now)
    if body:
        words = office.texts("life_cycle.rating.handoff")
        add_outgoing(session, conversation, "system", words, now=now, epoch=None, body=body)
        await session.flush()
        await deliver_from(session, conversation, now=now)


async def _offer(
    session: AsyncSession, office: Office, kind: str, subject_id: str, now: datetime, *, round_: int = 1
) -> dict[str, object] | None:
    """Make the row and return the link to the form; None if it was offered before."""
    if any(rating.round >= round_ for rating in await ratings_of(session, kind, subject_id)):
        return None
    rating_id = new_id(now)
    token = office.signer.rating_token(rating_id)
    session.add(
        Rating(
            id=rating_id,
            subject_kind=kind,
            subject_id=subject_id,
            round=round_,
            offered_at=now,
            token_hash=_hash(token),
        )
    )
    return {"rating": {"path": f"{PATH}{token}", "title": office.texts("life_cycle.rating.link")}}


async def ratings_of(session: AsyncSession, kind: str, subject_id: str) -> list[RatingView]:
    """Return the ratings that were offered of a ticket or handoff, the latest first."""
    rows = await session.scalars(
        select(Rating)
        .where(Rating.subject_kind == kind, Rating.subject_id == subject_id)
        .order_by(Rating.round.desc())
    )
    return [_view(rating) for rating in rows]


async def rating_of(session: AsyncSession, kind: str, subject_id: str) -> RatingView | None:
    """Return the latest rating of a ticket or handoff, None if it was never offered."""
    return next(iter(await ratings_of(session, kind, subject_id)), None)


async def rating_by_token(session: AsyncSession, token: str) -> RatingView:
    """Return the rating that a link opens.

    Raises:
        RatingNotFound: The link is damaged or forged.
    """
    return _view(await _by_token(session, token))


async def rate_by_token(
    session: AsyncSession, token: str, verdict: Verdict, *, now: datetime
) -> None:
    """Answer through the link in the conversation.

    Raises:
        RatingNotFound: The link is damaged or forged.
        RatingClosed: It was answered before.
        BadRequest: There is no such score, or the text is too long.
    """
    rating = await _by_token(session, token)
    ticket = None
    if rating.subject_kind == "ticket":
        ticket = await session.get_one(
            Ticket, rating.subject_id, with_for_update=True, populate_existing=True
        )
    await _answer(session, rating.id, ticket, verdict, now)


async def rate_ticket(
    session: AsyncSession, ticket: Ticket, verdict: Verdict, *, now: datetime
) -> None:
    """Answer on the tracking page, for the latest resolution; the caller has found the ticket by number and
    code, locked.

    Raises:
        RatingClosed: It was answered before, or never offered.
        BadRequest: There is no such score, or the text is too long.
    """
    rating_id = await session.scalar(
        select(Rating.id)
        .where(Rating.subject_kind == "ticket", Rating.subject_id == ticket.id)
        .order_by(Rating.round.desc())
        .limit(1)
    )
    if rating_id is None:
        raise RatingClosed
    await _answer(session, rating_id, ticket, verdict, now)


async def _answer(
    session: AsyncSession, rating_id: str, ticket: Ticket | None, verdict: Verdict, now: datetime
) -> None:
    text = verdict.text.strip()
    if verdict.score not in SCORES:
        raise BadRequest(field="score")
    if len(text) > RATING_TEXT_MAX_CHARS:
        raise BadRequest(field="rating_text")
    rating = await session.get_one(Rating, rating_id, with_for_update=True, populate_existing=True)
    if rating.answered_at is not None:
        raise RatingClosed
    rating.answered_at, rating.score, rating.solved, rating.text = now, verdict.score, verdict.solved, text
    if ticket is not None:
        sealed = {"rating": rating.id, "score": verdict.score, "solved": verdict.solved}
        sealed |= audit.sealed_text(text)
        audit.record(session, ticket, actor="citizen", action="ticket.rated", now=now, new=sealed)
        announce(session, "staff", {"type": "ticket_changed", "id": ticket.id})


async def _by_token(session: AsyncSession, token: str) -> Rating:
    wanted = _hash(token)
    rating = await session.scalar(select(Rating).where(Rating.token_hash == wanted))
    if rating is None or not hmac.compare_digest(rating.token_hash, wanted):
        raise RatingNotFound
    return rating


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _view(rating: Rating) -> RatingView:
    return RatingView(**{name: getattr(rating, name) for name in RatingView.__dataclass_fields__})

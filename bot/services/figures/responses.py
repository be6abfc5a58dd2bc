"""How long citizens wait for the first word of a person, on tickets and when they ask for one in a conversation.

Waits are of the wall clock: that is what a citizen waits. Whether a promise was kept, counted in office time, is
for the clocks to say.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CompoundSelect, Select, String, case, cast, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.clock_table import ROWS, Effect
from bot.helpdesk.ticket import RIGHTS
from bot.services.figures.period import Period
from bot.services.figures.split import spread
from bot.services.figures.table import seconds
from bot.services.figures.topics import fact, latest_ticket
from bot.store.tables import Conversation, Handoff, SlaClock, Ticket

#: All of a subject are one group as well: what they have in common is the subject.
_BY = ("subject", "right", "region", "channel")
#: Ends of the clock that are a word to the citizen; a ticket that is withdrawn or merged got none.
_WORDS = [event for subject, event, clock, effect in ROWS
          if (subject, clock, effect) == ("ticket", "first_response", Effect.STOP)]  # fmt: skip


@dataclass(frozen=True)
class Waits:
    """The waits of one group.

    Attributes:
        key: What they have in common: a right, a region, a channel; None where nothing tells.
        asked, replied: How many wait or waited; those a person replied to.
        median_seconds, slow_seconds: Half of those replied to waited no longer, nine of ten no longer; None without any.
    """

    key: str | None
    asked: int = 0
    replied: int = 0
    median_seconds: float | None = None
    slow_seconds: float | None = None


@dataclass(frozen=True)
class Responses:
    """The waits of tickets opened in a period, or of handoffs asked for in it.

    Attributes:
        by_right, by_region: A handoff's right is that for which a person was asked; what is not known from it comes from its
            ticket, or the latest one of its conversation.
    """

    total: Waits
    by_right: list[Waits]
    by_region: list[Waits]
    by_channel: list[Waits]


@dataclass(frozen=True)
class ResponseFigures:
    """First responses of a period."""

    tickets: Responses
    handoffs: Responses


async def response_figures(session: AsyncSession, period: Period) -> ResponseFigures:
    """Measure the waits of what came in over a period."""
    found: dict[tuple[str, str], list[Waits]] = defaultdict(list)
    for subject, dimension, key, *values in await session.execute(_ranked(_waits(session, period))):
        found[subject, dimension].append(Waits(key, *values))

    def of(subject: str) -> Responses:
        total = found[subject, "subject"] or [Waits(subject)]
        return Responses(total[0], *(found[subject, name] for name in _BY[1:]))

    return ResponseFigures(tickets=of("ticket"), handoffs=of("handoff"))


def _waits(session: AsyncSession, period: Period) -> CompoundSelect[Any]:
    """Return tickets and handoffs of a period, a row each: subject, group, channel, right, region, wait."""
    return union_all(_of_tickets(session, period), _of_handoffs(session, period))


def _of_tickets(session: AsyncSession, period: Period) -> Select[Any]:
    # A clock that was cancelled late counts as broken too, so its state does not tell.
    answered_at = (
        select(func.min(SlaClock.stopped_at))
        .where(SlaClock.subject_id == Ticket.id, SlaClock.clock == "first_response", SlaClock.stop_reason.in_(_WORDS))
        .scalar_subquery()
    )
    return _row("ticket", Ticket.channel, fact(Ticket, "right"), Ticket, seconds(session, Ticket.opened_at, answered_at)).where(
        period.holds(Ticket.opened_at)
    )


def _of_handoffs(session: AsyncSession, period: Period) -> Select[Any]:
    """Go through the conversation, which is what a viewer's regions restrict."""
    skills = cast(Handoff.skills, String)
    named = case(*((skills.contains(f'"right:{right}"', autoescape=True), right) for right in RIGHTS), else_=None)
    right = func.coalesce(named, fact(Ticket, "right"))
    wait = seconds(session, Handoff.requested_at, Handoff.first_reply_at)
    rows = _row("handoff", Conversation.channel, right, Handoff, wait)
    rows = rows.join(Conversation, Conversation.id == Handoff.conversation_id)
    rows = rows.outerjoin(Ticket, Ticket.id == func.coalesce(Handoff.ticket_id, latest_ticket()))
    return rows.where(period.holds(Handoff.requested_at))


def _row(subject: str, channel: Any, right: Any, source: Any, wait: Any) -> Select[Any]:
    return select(
        literal(subject).label("subject_kind"), literal(subject).label("subject"), right.label("right"),
        fact(Ticket, "region").label("region"), channel.label("channel"), wait.label("wait"),
    ).select_from(source)  # fmt: skip


def _ranked(rows: CompoundSelect[Any]) -> Select[Any]:
    """Return the query of each group's counts and its nearest ranks."""
    each = spread(select(rows.subquery()), _BY)
    group = (each.c.subject_kind, each.c.dimension, each.c.key)
    ranked = select(
        *group, each.c.wait,
        func.row_number().over(partition_by=group, order_by=each.c.wait.nulls_last()).label("rank"),
        func.count(each.c.wait).over(partition_by=group).label("replied"),
    ).subquery()  # fmt: skip
    group = (ranked.c.subject_kind, ranked.c.dimension, ranked.c.key)
    asked, wait, replied = func.count().label("asked"), ranked.c.wait, ranked.c.replied
    median, slow = ((ranked.c.rank == rank, wait) for rank in ((replied + 1) // 2, (replied * 9 + 9) // 10))
    query = select(*group, asked, func.max(replied), func.min(case(median)), func.min(case(slow))).group_by(*group)
    return query.order_by(asked.desc(), ranked.c.key.nulls_last())

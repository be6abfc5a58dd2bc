"""How satisfied citizens are: what they were asked to rate over a period, what they answered, and what follow-ups found.

A rating counts on the day on which the citizen was asked for it, not on the day on which its matter came in: a matter may
take months, and a figure of what came in last week would hold no rating of those that ended last week.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, func, literal, literal_column, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.life_cycle import SCORES
from bot.services.figures.period import Period
from bot.services.figures.table import Bar, count_by, local_day
from bot.store.tables import Conversation, FollowUp, Handoff, Rating, Ticket

#: What is rated: a ticket, or an episode with a person in a conversation.
SUBJECTS = ("ticket", "handoff")


@dataclass(frozen=True)
class Scores:
    """The ratings of one group.

    Attributes:
        key: What they have in common: a day, a right, a region; None for what has none.
        asked: How many ratings citizens were asked for.
        counts: How many were answered with each score, from 1 to 5.
    """

    key: str | None
    asked: int = 0
    counts: tuple[int, ...] = (0,) * len(SCORES)

    @property
    def rated(self) -> int:
        """Return how many were answered."""
        return sum(self.counts)

    @property
    def mean(self) -> float | None:
        """Return the mean score, 1 (very bad) to 5 (very good); None when nobody answered."""
        points = sum(score * count for score, count in zip(SCORES, self.counts, strict=True))
        return points / self.rated if self.rated else None


@dataclass(frozen=True)
class SatisfactionFigures:
    """Ratings that citizens were asked for in a period.

    Attributes:
        by_day: For each of `SUBJECTS` every day of the period; key: the day, ISO.
        by_right, by_region: A handoff's are those of the ticket that came of it; without one it has none.
        follow_ups: Follow-ups of tickets that ended in the period; key: how, see `FollowUpOutcome`.
    """

    by_day: dict[str, list[Scores]]
    by_right: list[Scores]
    by_region: list[Scores]
    by_channel: list[Scores]
    follow_ups: list[Bar]

    @property
    def by_subject(self) -> list[Scores]:
        """Return the ratings of each of `SUBJECTS`."""
        return [together(subject, days) for subject, days in self.by_day.items()]

    @property
    def total(self) -> Scores:
        """Return all ratings."""
        return together(None, self.by_subject)


def together(key: str | None, groups: Iterable[Scores]) -> Scores:
    """Return several groups as one."""
    groups = list(groups)
    counts = tuple(sum(group.counts[at] for group in groups) for at in range(len(SCORES)))
    return Scores(key, sum(group.asked for group in groups), counts)


async def satisfaction_figures(session: AsyncSession, period: Period, *, now: datetime) -> SatisfactionFigures:
    """Count the ratings that citizens were asked for in a period, and the follow-ups that ended in it."""
    ratings = _ratings_of(period)
    followed_up = select(FollowUp.id).join(Ticket, Ticket.id == FollowUp.ticket_id).where(period.holds(FollowUp.done_at))
    return SatisfactionFigures(
        by_day={subject: await _by_day(session, ratings, subject, period, now) for subject in SUBJECTS},
        by_right=await _scores_by(session, ratings.c.right, ratings),
        by_region=await _scores_by(session, ratings.c.region, ratings),
        by_channel=await _scores_by(session, ratings.c.channel, ratings),
        follow_ups=await count_by(session, FollowUp.outcome, followed_up),
    )


def _ratings_of(period: Period) -> Subquery:
    """Return the period's ratings, a row each: subject, score, asked_at, channel, right, region.

    Both kinds are read through the ticket or conversation that they are about: that is what a viewer's regions restrict.
    """
    of_tickets = _ratings("ticket", Ticket.channel).join(Ticket, Ticket.id == Rating.subject_id)
    of_handoffs = (
        _ratings("handoff", Conversation.channel)
        .join(Handoff, Handoff.id == Rating.subject_id)
        .join(Conversation, Conversation.id == Handoff.conversation_id)
        .outerjoin(Ticket, Ticket.id == Handoff.ticket_id)
    )
    asked = period.holds(Rating.offered_at)
    return union_all(of_tickets.where(asked), of_handoffs.where(asked)).subquery()


def _ratings(subject: str, channel: ColumnElement[str]) -> Select[Any]:
    facts = Ticket.facts
    columns = (
        literal(subject).label("subject"), Rating.score.label("score"), Rating.offered_at.label("asked_at"),
        channel.label("channel"), facts["right"].as_string().label("right"), facts["region"].as_string().label("region"),
    )  # fmt: skip
    # The join tells the kind: no two rows share an id. By `subject_kind` SQLite would take the wrong index, and read every rating.
    return select(*columns).select_from(Rating)


async def _by_day(session: AsyncSession, ratings: Subquery, subject: str, period: Period, now: datetime) -> list[Scores]:
    day = local_day(session, ratings.c.asked_at, period.zone, now)
    found = {scores.key: scores for scores in await _scores_by(session, day, ratings, ratings.c.subject == subject)}
    return [found.get(str(day), Scores(str(day))) for day in period.days]


async def _scores_by(
    session: AsyncSession,
    column: ColumnElement[Any],
    ratings: Subquery,
    *conditions: ColumnElement[bool],
) -> list[Scores]:
    """Return the ratings by a column, those asked for most first."""
    counts = [func.count().filter(ratings.c.score == score) for score in SCORES]
    query = select(column.label("key"), func.count(), *counts).select_from(ratings).where(*conditions)
    # By position, as in `count_by`.
    position = literal_column("1")
    query = query.group_by(position).order_by(literal_column("2").desc(), position.nulls_last())
    return [
        Scores(None if key is None else str(key), asked, tuple(counted))
        for key, asked, *counted in await session.execute(query)
    ]

"""The maintainers' page: the model that answers, what it did not answer, answers that agents took, articles to review."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from aiohttp import web

from bot.console.charts import Figure, Tile, shares
from bot.console.keys import DESK, WORDS
from bot.console.moments import moment
from bot.console.pages import render
from bot.console.words import Words
from bot.knowledge.reviewing import Why, to_review
from bot.services.figures import Bar
from bot.services.knowledge_use import (
    INBOUND_LOOKED_AT,
    MESSAGES_LOOKED_AT,
    Taken,
    suggestions_taken,
    understood,
)

#: Articles listed; how many there are in all is said.
ARTICLES_MAX = 100


async def knowledge_page(request: web.Request) -> web.Response:
    """Show how the knowledge stands; nothing here is changed."""
    desk, words = request.config_dict[DESK], request.config_dict[WORDS]
    today = desk.office.calendar.local_date(desk.clock())
    async with desk.read() as session:
        found = await understood(session, desk.knowledge)
        taken = await suggestions_taken(session, desk.knowledge, desk.texts, today=today)
    due = to_review(desk.knowledge, today)
    unavailable = sum(one.why is Why.UNAVAILABLE for one in due)
    tiles = [
        Tile(words("knowledge.model"), *_model(await desk.engine.model(), words)),
        Tile(words("knowledge.articles"), str(len(desk.knowledge.articles)), words("knowledge.unavailable_note", count=unavailable)),
        Tile(words("knowledge.to_review"), str(len(due)), words("knowledge.to_review_note")),
        Tile(words("knowledge.broken"), str(len(desk.knowledge.problems)), words("knowledge.broken_note")),
    ]
    return render(
        request, "knowledge.html", section="knowledge", tiles=tiles, questions=found.questions,
        outcomes=_outcomes(found.outcomes, words), taken=_taken(taken, words), due=due[:ARTICLES_MAX], due_count=len(due),
        looked_at=INBOUND_LOOKED_AT, messages_looked_at=MESSAGES_LOOKED_AT,
    )  # fmt: skip


def _model(name: str | None, words: Words) -> tuple[str, str]:
    """Return when it was trained, which is what its name tells, and its name."""
    if name is None:
        return words("knowledge.no_model"), words("knowledge.no_model_note")
    try:
        trained_at = datetime.strptime(name.partition(".")[0], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        # A model that somebody named.
        return name, words("knowledge.model_note", name=name)
    return moment(trained_at), words("knowledge.model_note", name=name)


def _outcomes(bars: Sequence[Bar], words: Words) -> Figure:
    rows = [[words(f"knowledge.outcome_{bar.key}"), bar.count] for bar in bars]
    return _figure("outcomes", rows, [bar.count for bar in bars], words)


def _taken(taken: Sequence[Taken], words: Words) -> Figure:
    rows = [[one.title, one.count, one.as_it_stands, one.count - one.as_it_stands] for one in taken]
    return _figure("taken", rows, [one.count for one in taken], words)


def _figure(key: str, rows: list[list[str | int | float | None]], counts: list[int], words: Words) -> Figure:
    return Figure(
        key=key, title=words(f"knowledge.{key}"), head=words(f"knowledge.{key}_head").split("|"), rows=rows, bars=shares(counts)
    )


def routes() -> list[web.RouteDef]:
    """Return the page's route."""
    return [web.get("/knowledge", knowledge_page, name="knowledge")]

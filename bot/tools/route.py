"""The route advisor: a few questions, then the ways that fit, side by side, the most fitting first.

Data: `knowledge_base/routes/questions.yml` (what is asked, and how the answer is worded) and one file a
route. A route says for which cases it is meant (``fits``), how well it serves each aim (``rank``, the
smaller the better) and, aspect by aspect, what the law says about it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.knowledge.datafile import Fields, read_mapping
from bot.knowledge.statements import Statement, fits, read_condition, read_statements
from bot.tools.asking import Questions, read_questions
from bot.tools.model import Question, Result
from bot.tools.saying import Speaker
from bot.tools.sources import Sources

ASPECTS = ("authority", "jurisdiction", "evidence", "time", "cost", "can", "cannot")
_SHOWN = 5
_OTHERWISE = "otherwise"
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Route:
    """One way to go.

    Attributes:
        gist: What it is good for, a few words.
        fits: Cases for which it is meant; one of them has to be met.
        rank: Place by aim (``stop``, …), ``otherwise``, and what is added when the other side is ``unknown``.
        aspects: Statements by aspect.
    """

    id: str
    title: str
    gist: str
    fits: tuple[Mapping[str, tuple[str, ...]], ...]
    rank: Mapping[str, int]
    aspects: Mapping[str, tuple[Statement, ...]]

    def is_for(self, case: Mapping[str, str]) -> bool:
        """Tell whether it is meant for a case."""
        return any(
            all(name in case for name in condition) and fits(condition, case) for condition in self.fits
        )

    def place(self, case: Mapping[str, str]) -> int:
        """Return how far down it belongs for a case."""
        place = self.rank.get(case.get("goal", _OTHERWISE), self.rank.get(_OTHERWISE, 9))
        return place + (self.rank.get(_UNKNOWN, 0) if case.get("known") == "no" else 0)


@dataclass(frozen=True, slots=True)
class RouteBook:
    """All that the data files hold."""

    questions: Questions
    labels: Mapping[str, str]
    first: tuple[Statement, ...]
    since: date
    routes: tuple[Route, ...]
    next: Mapping[str, tuple[str, ...]]


class RouteTool:
    """Tool ``route``."""

    name = "route"

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._book = read_route_book(sources.root / "routes")

    def read(self, text: str, *, today: date) -> dict[str, str]:
        """Return right, matter, place and aim as far as a sentence names them."""
        return self._book.questions.read(text)

    def step(self, given: Mapping[str, str], *, today: date) -> Question | Result:
        """Return the next question, or the routes that fit."""
        case, question = self._book.questions.go_through(given)
        return question or self._result(case, today)

    def _result(self, case: Mapping[str, str], day: date) -> Result:
        book, texts, speaker = self._book, self._sources.texts, Speaker(self._sources, day)
        routes = sorted(
            (route for route in book.routes if route.is_for(case)), key=lambda route: route.place(case)
        )
        routes = routes[:_SHOWN] if day >= book.since else []
        right = case["right"]
        if not routes:
            return Result(
                texts("tools.route.none"), "", "dispute_route", right, next=("human",), data={"case": case}
            )
        before = [
            f"**{texts('tools.route.before')}**",
            *(f"- {line}" for line in speaker.say(book.first, case)),
        ]
        blocks = [self._block(number, route, case, speaker) for number, route in enumerate(routes, start=1)]
        return Result(
            short=self._short(case, routes),
            details="\n\n".join(["\n".join(before), *blocks] if before[1:] else blocks),
            topic="dispute_route",
            right=right,
            citations=speaker.citations,
            notice=speaker.notice,
            next=book.next.get(case["matter"], ("tool:evidence", "human")),
            data={
                "case": dict(case),
                "recommended": routes[0].id,
                "routes": [self._row(route, case, day) for route in routes],
            },
        )

    def _short(self, case: Mapping[str, str], routes: Sequence[Route]) -> str:
        texts, questions = self._sources.texts, self._book.questions
        asked = [
            questions.title(name, value)
            for name, value in case.items()
            if name in ("right", "matter", "goal")
        ]
        first, others = routes[0], [route.title for route in routes[1:3]]
        key = "tools.route.short" if others else "tools.route.short_alone"
        return texts(key, case="；".join(asked), first=first.title, gist=first.gist, others="”“".join(others))

    def _block(self, number: int, route: Route, case: Mapping[str, str], speaker: Speaker) -> str:
        lines = [f"**{number}. {route.title}**：{route.gist}。", ""]
        for aspect in ASPECTS:
            if said := speaker.say(route.aspects.get(aspect, ()), case):
                lines.append(f"- **{self._book.labels[aspect]}**：{''.join(said)}")
        return "\n".join(lines)

    def _row(self, route: Route, case: Mapping[str, str], day: date) -> dict[str, object]:
        speaker = Speaker(self._sources, day)
        aspects = {aspect: speaker.parts(route.aspects.get(aspect, ()), case) for aspect in ASPECTS}
        return {"id": route.id, "title": route.title, "gist": route.gist, **aspects}


def read_route_book(folder: Path) -> RouteBook:
    """Return the routes of a folder.

    Raises:
        DataError: Naming file and key of the first mistake.
    """
    path = folder / "questions.yml"
    fields = Fields(read_mapping(path), path)
    fields.only("valid_from", "reviewed", "questions", "labels", "first", "next")
    labels, steps = fields.child("labels"), fields.child("next")
    since = fields.date("valid_from")
    return RouteBook(
        questions=read_questions(fields, "dispute_route"),
        labels={aspect: labels.text(aspect) for aspect in ASPECTS},
        first=read_statements(fields, "first", since=since),
        since=since,
        routes=tuple(read_route(file) for file in sorted(folder.glob("*.yml")) if file != path),
        next={matter: tuple(steps.texts(matter)) for matter in steps.data},
    )


def read_route(path: Path) -> Route:
    """Return the route in a file.

    Raises:
        DataError: Naming file and key of the first mistake.
    """
    fields = Fields(read_mapping(path), path)
    fields.only("id", "title", "gist", "valid_from", "reviewed", "fits", "rank", *ASPECTS)
    since, ranks = fields.date("valid_from"), fields.child("rank")
    if fields.text("id") != path.stem:
        raise fields.fail("id", f"expected {path.stem}, as the file is named")
    return Route(
        id=fields.text("id"),
        title=fields.text("title"),
        gist=fields.text("gist"),
        fits=tuple(
            read_condition(Fields({"of": one.data}, path, "fits"), "of") for one in fields.children("fits")
        ),
        rank={aim: ranks.integer(aim) for aim in ranks.data},
        aspects={aspect: read_statements(fields, aspect, since=since) for aspect in ASPECTS},
    )

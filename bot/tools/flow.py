"""The flowcharts: a whole procedure step by step, in words and as a picture.

Data: one file a flow in `knowledge_base/flows`. A step is the next one, a ``branch`` that is taken
``when`` something happens and leads ``then`` to another step (or to the ``end``), or the ``end``. What a
step says may change on a day; the version of a flow is the one of the last such day, and its picture
has that day in its address, so that it stays what it was when it was shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.knowledge.datafile import DataError, Fields, read_mapping
from bot.knowledge.statements import Statement, read_statements, turning_days
from bot.tools.asking import find_choice
from bot.tools.flow_picture import Box, Drawing, draw
from bot.tools.model import Choice, Question, Result, ToolInputError
from bot.tools.saying import Speaker, label_of
from bot.tools.sources import Sources

PICTURE = "/flow/{id}.svg?on={day}"
KINDS = ("step", "branch", "end")
END = "end"


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        kind: One of ``KINDS``.
        when: For a branch: what has to happen, a few words.
        box: Its gist for the picture.
        tells: What there is to say.
        then: For a branch: id of the step to which it leads, or ``END``.
    """

    id: str
    kind: str
    title: str
    when: str
    box: tuple[Statement, ...]
    tells: tuple[Statement, ...]
    then: str


@dataclass(frozen=True, slots=True)
class Flow:
    """One procedure."""

    id: str
    title: str
    right: str
    topic: str
    aliases: tuple[str, ...]
    since: date
    reviewed: date
    steps: tuple[Step, ...]
    next: tuple[str, ...]

    @property
    def statements(self) -> list[Statement]:
        """All that the flow says."""
        return [statement for step in self.steps for statement in (*step.box, *step.tells)]

    def number(self, step_id: str) -> int:
        """Return the place of a step, from 1."""
        return next(number for number, step in enumerate(self.steps, start=1) if step.id == step_id)


class FlowTool:
    """Tool ``flow``; also draws the pictures that it names."""

    name = "flow"

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        paths = sorted((sources.root / "flows").glob("*.yml"))
        self.flows: Mapping[str, Flow] = {flow.id: flow for flow in map(read_flow, paths)}

    def read(self, text: str, *, today: date) -> dict[str, str]:
        """Return the flow that a sentence names."""
        named = [f.id for f in self.flows.values() if any(name in text for name in (f.title, *f.aliases))]
        return {"flow": named[0]} if len(named) == 1 else {}

    def step(self, given: Mapping[str, str], *, today: date) -> Question | Result:
        """Return the question which flow, or the flow."""
        choices = tuple(Choice(flow.title, flow.id, flow.aliases) for flow in self.flows.values())
        if not given.get("flow"):
            return Question("flow", self._sources.texts("tools.flow.ask"), "choice", choices)
        choice = find_choice(given["flow"], choices)
        if choice is None:
            raise ToolInputError("flow", "choice", choices="、".join(c.title for c in choices))
        return self._result(self.flows[choice.value], today)

    def version_day(self, flow: Flow, day: date) -> date | None:
        """Return the first day of the version that speaks on a day; None before the first."""
        turns = turning_days(flow.statements, self._sources.knowledge.laws)
        return max((turn for turn in (flow.since, *turns) if flow.since <= turn <= day), default=None)

    def picture(self, flow_id: str, day: date) -> str | None:
        """Return a flow as it is on a day, drawn as SVG; None if there is no such flow or version."""
        flow = self.flows.get(flow_id)
        version = self.version_day(flow, day) if flow else None
        if flow is None or version is None:
            return None
        speaker, texts = Speaker(self._sources, version), self._sources.texts
        boxes = tuple(
            self._box(flow, number, step, speaker) for number, step in enumerate(flow.steps, start=1)
        )
        alt = texts("tools.flow.alt", title=flow.title)
        return draw(Drawing(flow.title, alt, self._dated(flow, version), texts("tools.flow.printed"), boxes))

    def _dated(self, flow: Flow, version: date) -> str:
        """Return from when to when a version holds, as far as that is known."""
        texts = self._sources.texts
        begins = texts("tools.flow.from" if version > flow.since else "tools.flow.reviewed", day=self._day(
            version if version > flow.since else flow.reviewed))  # fmt: skip
        later = [
            turn for turn in turning_days(flow.statements, self._sources.knowledge.laws) if turn > version
        ]
        ends = texts("tools.flow.until", day=self._day(later[0] - date.resolution)) if later else ""
        return begins + ends

    def _day(self, day: date) -> str:
        return self._sources.texts("tools.day", year=day.year, month=day.month, day=day.day)

    def _box(self, flow: Flow, number: int, step: Step, speaker: Speaker) -> Box:
        gist = speaker.plain(step.box)
        cited = speaker.cited(step.box) or speaker.cited(step.tells)
        return Box(
            number=number,
            title=step.title,
            gist="；".join(line.removesuffix("。") for line in gist),
            source=label_of(self._sources, cited[:2]),
            is_branch=step.kind == "branch",
            is_end=step.kind == END,
            when=step.when,
            leads=self._leads(flow, step) if step.kind == "branch" else "",
        )

    def _leads(self, flow: Flow, step: Step) -> str:
        texts = self._sources.texts
        return (
            texts("tools.flow.end")
            if step.then == END
            else texts("tools.flow.to", number=flow.number(step.then))
        )

    def _result(self, flow: Flow, day: date) -> Result:
        texts, speaker = self._sources.texts, Speaker(self._sources, day)
        version = self.version_day(flow, day)
        if version is None:
            return Result(texts("tools.too_early"), "", flow.topic, flow.right, next=("human",))
        blocks = [self._lines(flow, number, step, speaker) for number, step in enumerate(flow.steps, start=1)]
        return Result(
            short=texts("tools.flow.short", title=flow.title, count=len(flow.steps)),
            details="\n".join(blocks),
            topic=flow.topic,
            right=flow.right,
            citations=speaker.citations,
            notice=speaker.notice,
            next=flow.next,
            data=self._data(flow, version, day),
            picture=PICTURE.format(id=flow.id, day=version.isoformat()),
        )

    def _lines(self, flow: Flow, number: int, step: Step, speaker: Speaker) -> str:
        head = f"{number}. **{step.title}**"
        if step.kind == "branch":
            head += self._sources.texts("tools.flow.branch", when=step.when, leads=self._leads(flow, step))
        return "\n".join([head, *(f"   - {sentence}" for sentence in speaker.say(step.tells))])

    def _data(self, flow: Flow, version: date, day: date) -> dict[str, object]:
        speaker = Speaker(self._sources, day)
        steps = [
            {
                "number": number,
                "id": step.id,
                "kind": step.kind,
                "title": step.title,
                "when": step.when or None,
                "then": step.then or None,
                "tells": speaker.parts(step.tells),
            }
            for number, step in enumerate(flow.steps, start=1)
        ]
        return {"flow": flow.id, "title": flow.title, "version_from": version.isoformat(), "steps": steps}


def read_flow(path: Path) -> Flow:
    """Return the flow in a file.

    Raises:
        DataError: Naming file and key of the first mistake.
    """
    fields = Fields(read_mapping(path), path)
    fields.only("id", "title", "right", "topic", "aliases", "valid_from", "reviewed", "next", "steps")
    if fields.text("id") != path.stem:
        raise fields.fail("id", f"expected {path.stem}, as the file is named")
    since = fields.date("valid_from")
    steps = tuple(_step(one, since) for one in fields.children("steps"))
    _check_leads(steps, path)
    return Flow(
        id=fields.text("id"),
        title=fields.text("title"),
        right=fields.text("right"),
        topic=fields.text("topic"),
        aliases=tuple(fields.texts("aliases", default=[])),
        since=since,
        reviewed=fields.date("reviewed"),
        steps=steps,
        next=tuple(fields.texts("next")),
    )


def _step(fields: Fields, since: date) -> Step:
    fields.only("id", "kind", "title", "when", "box", "tells", "then")
    kind = fields.text("kind", default="step")
    if kind not in KINDS:
        raise fields.fail("kind", f"unknown value {kind!r}; known: {', '.join(KINDS)}")
    is_branch = kind == "branch"
    return Step(
        id=fields.text("id"),
        kind=kind,
        title=fields.text("title"),
        when=fields.text("when", default=None if is_branch else ""),
        box=read_statements(fields, "box", since=since, required=True),
        tells=read_statements(fields, "tells", since=since, required=True),
        then=fields.text("then", default=None if is_branch else ""),
    )


def _check_leads(steps: Iterable[Step], path: Path) -> None:
    ids = [step.id for step in steps]
    for step in steps:
        if ids.count(step.id) > 1:
            raise DataError(path, f"steps.{step.id}", "is the id of another step too")
        if step.then and step.then != END and step.then not in ids:
            raise DataError(path, f"steps.{step.id}.then", f"no step has the id {step.then}")

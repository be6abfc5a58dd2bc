"""The evidence checklist: for one kind of case what to have, why, and how to fix it.

Data: `knowledge_base/evidence/methods.yml` (the ways to fix evidence, and the first question) and one
file a case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.knowledge.datafile import Fields, read_mapping
from bot.knowledge.statements import Statement, fits, read_condition, read_statements
from bot.tools.asking import Questions, find_choice, read_questions
from bot.tools.model import Choice, Question, Result, ToolInputError
from bot.tools.saying import Speaker
from bot.tools.sources import Sources

_NEXT = ("tool:route", "form:complaint", "form:assistance", "human")


@dataclass(frozen=True, slots=True)
class Method:
    """One way to fix evidence."""

    id: str
    title: str
    steps: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of evidence.

    Attributes:
        methods: Ids of the ways to fix it.
        only: Answers for which it is meant; empty means all.
    """

    what: str
    must: bool
    why: tuple[Statement, ...]
    how: tuple[Statement, ...]
    methods: tuple[str, ...]
    only: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of case; the first of its rights is its label."""

    id: str
    title: str
    rights: tuple[str, ...]
    aliases: tuple[str, ...]
    items: tuple[Item, ...]

    @property
    def choice(self) -> Choice:
        """The case as an answer."""
        return Choice(self.title, self.id, self.aliases)


@dataclass(frozen=True, slots=True)
class EvidenceBook:
    """All that the data files hold."""

    questions: Questions
    case_question: str
    since: date
    methods: Mapping[str, Method]
    cases: tuple[Case, ...]


class EvidenceTool:
    """Tool ``evidence``."""

    name = "evidence"

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._book = read_evidence_book(sources.root / "evidence")

    def read(self, text: str, *, today: date) -> dict[str, str]:
        """Return right and case as far as a sentence names them."""
        named = [
            case for case in self._book.cases if any(alias in text for alias in (case.title, *case.aliases))
        ]
        told = self._book.questions.read(text)
        if len(named) == 1 and told.get("right", named[0].rights[0]) in named[0].rights:
            return {"right": named[0].rights[0]} | told | {"case": named[0].id}
        return told

    def step(self, given: Mapping[str, str], *, today: date) -> Question | Result:
        """Return the question for the right or the case, or the checklist."""
        book = self._book
        case = self._case(given.get("case"))
        known, question = book.questions.go_through(given)
        if case is not None and "right" not in known:
            known = {"right": case.rights[0]}
        elif question is not None:
            return question
        fitting = [one for one in book.cases if known["right"] in one.rights]
        offered = [one.choice for one in sorted(fitting, key=lambda one: one.rights[0] != known["right"])]
        if case is None and "case" not in given:
            return Question("case", book.case_question, "choice", tuple(offered), "evidence", known["right"])
        chosen = find_choice(given["case"], offered)
        if chosen is None:
            raise ToolInputError("case", "choice", choices="、".join(choice.title for choice in offered))
        return self._result(next(one for one in book.cases if one.id == chosen.value), known["right"], today)

    def _case(self, answer: str | None) -> Case | None:
        return next((case for case in self._book.cases if case.id == answer), None)

    def _result(self, case: Case, right: str, day: date) -> Result:
        texts, speaker, given = self._sources.texts, Speaker(self._sources, day), {"right": right}
        if day < self._book.since:
            return Result(texts("tools.too_early"), "", "evidence", right, next=("human",))
        items = [item for item in case.items if fits(item.only, given)]
        musts, nices = [i for i in items if i.must], [i for i in items if not i.must]
        blocks = [self._list("must", musts, given, speaker)]
        if nices:
            blocks.append(self._list("nice", nices, given, speaker))
        methods = self._methods(items)
        if methods:
            blocks.append(self._method_lists(methods, given, speaker))
        return Result(
            short=texts("tools.evidence.short", title=case.title, must=len(musts), nice=len(nices)),
            details="\n\n".join(blocks),
            topic="evidence",
            right=right if right != "general" or case.rights[0] == "general" else case.rights[0],
            citations=speaker.citations,
            notice=speaker.notice,
            next=_NEXT,
            data=self._data(case, items, methods, given, day),
        )

    def _methods(self, items: Iterable[Item]) -> list[Method]:
        wanted = {name for item in items for name in item.methods}
        return [method for name, method in self._book.methods.items() if name in wanted]

    def _list(self, kind: str, items: Iterable[Item], given: Mapping[str, str], speaker: Speaker) -> str:
        texts = self._sources.texts
        lines = [f"**{texts(f'tools.evidence.{kind}')}**", ""]
        for number, item in enumerate(items, start=1):
            lines.append(f"{number}. **{item.what}**")
            lines.append(f"   - {texts('tools.evidence.why')}：{''.join(speaker.say(item.why, given))}")
            if how := self._how(item, given, speaker):
                lines.append(f"   - {texts('tools.evidence.how')}：{how}")
        return "\n".join(lines)

    def _how(self, item: Item, given: Mapping[str, str], speaker: Speaker) -> str:
        methods = "；".join(self._book.methods[name].title for name in item.methods)
        return "".join([*speaker.say(item.how, given), f"{methods}。" if methods else ""])

    def _method_lists(self, methods: Iterable[Method], given: Mapping[str, str], speaker: Speaker) -> str:
        lines = [f"**{self._sources.texts('tools.evidence.methods')}**", ""]
        for method in methods:
            lines.append(f"- **{method.title}**")
            lines += [f"   - {sentence}" for sentence in speaker.say(method.steps, given)]
        return "\n".join(lines)

    def _data(
        self, case: Case, items: list[Item], methods: list[Method], given: Mapping[str, str], day: date
    ) -> dict[str, object]:
        speaker = Speaker(self._sources, day)
        rows = [
            {
                "what": item.what,
                "must": item.must,
                "why": speaker.parts(item.why, given),
                "how": speaker.parts(item.how, given),
                "methods": list(item.methods),
            }
            for item in items
        ]
        steps = [{"id": m.id, "title": m.title, "steps": speaker.parts(m.steps, given)} for m in methods]
        printable = self._printable(case, items, methods, given, day)
        return {"case": case.id, "title": case.title, "items": rows, "methods": steps, "printable": printable}

    def _printable(
        self, case: Case, items: list[Item], methods: list[Method], given: Mapping[str, str], day: date
    ) -> str:
        """Return the checklist as plain text with boxes to tick."""
        texts, speaker = self._sources.texts, Speaker(self._sources, day)
        lines = [
            texts("tools.evidence.printable_title", title=case.title),
            texts("tools.evidence.printable_day", year=day.year, month=day.month, day=day.day),
        ]
        for kind, is_must in (("must", True), ("nice", False)):
            chosen = [item for item in items if item.must is is_must]
            lines += ["", f"【{texts(f'tools.evidence.{kind}')}】"] if chosen else []
            for item in chosen:
                lines.append(f"□ {item.what}")
                lines.append(f"  {texts('tools.evidence.why')}：{''.join(speaker.say(item.why, given))}")
                lines.append(f"  {texts('tools.evidence.how')}：{self._how(item, given, speaker)}")
        for method in methods:
            lines += ["", f"【{method.title}】", *(f"- {line}" for line in speaker.say(method.steps, given))]
        return "\n".join([*lines, "", texts("tools.evidence.printable_note")])


def read_evidence_book(folder: Path) -> EvidenceBook:
    """Return the checklists of a folder.

    Raises:
        DataError: Naming file and key of the first mistake.
    """
    path = folder / "methods.yml"
    fields = Fields(read_mapping(path), path)
    fields.only("valid_from", "reviewed", "questions", "case_question", "methods")
    since = fields.date("valid_from")
    methods = {}
    for one in fields.children("methods"):
        one.only("id", "title", "steps")
        steps = read_statements(one, "steps", since=since, required=True)
        methods[one.text("id")] = Method(one.text("id"), one.text("title"), steps)
    cases = tuple(read_case(file, methods) for file in sorted(folder.glob("*.yml")) if file != path)
    return EvidenceBook(
        read_questions(fields, "evidence"), fields.text("case_question"), since, methods, cases
    )


def read_case(path: Path, methods: Iterable[str]) -> Case:
    """Return the checklist in a file.

    Raises:
        DataError: Naming file and key of the first mistake.
    """
    fields = Fields(read_mapping(path), path)
    fields.only("id", "title", "rights", "aliases", "valid_from", "reviewed", "items")
    if fields.text("id") != path.stem:
        raise fields.fail("id", f"expected {path.stem}, as the file is named")
    since = fields.date("valid_from")
    return Case(
        id=fields.text("id"),
        title=fields.text("title"),
        rights=tuple(fields.texts("rights")),
        aliases=tuple(fields.texts("aliases", default=[])),
        items=tuple(_item(one, since, methods) for one in fields.children("items")),
    )


def _item(fields: Fields, since: date, methods: Iterable[str]) -> Item:
    fields.only("what", "must", "why", "how", "methods", "only")
    names = fields.texts("methods", default=[])
    for name in names:
        if name not in methods:
            raise fields.fail("methods", f"no method has the id {name}")
    if not isinstance(fields.data.get("must"), bool):
        raise fields.fail("must", "expected true or false")
    return Item(
        what=fields.text("what"),
        must=fields.data["must"],
        why=read_statements(fields, "why", since=since, required=True),
        how=read_statements(fields, "how", since=since),
        methods=tuple(names),
        only=read_condition(fields, "only"),
    )

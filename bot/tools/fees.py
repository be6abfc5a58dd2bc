"""The fee guide: which fees there are, when they are due, what happens if they are late; annuities by day.

Data: `knowledge_base/fees/questions.yml` and one file a subject. No amounts of money: the office that
collects a fee publishes its price list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.helpdesk.deadlines import Ended, Holidays
from bot.knowledge.datafile import Fields, read_mapping
from bot.knowledge.deadlines import load_deadlines
from bot.knowledge.statements import Statement, read_statements
from bot.tools.annuity import NEW_DESIGN_TERM, Annuity, Schedule, schedule_of
from bot.tools.asking import Questions, read_questions
from bot.tools.deadline import read_day
from bot.tools.model import Question, Result, ToolInputError
from bot.tools.saying import Speaker
from bot.tools.sources import Sources

ANNUITY = "patent_annuity"
ASPECTS = ("what", "when", "late", "less")
_COMING = 3


@dataclass(frozen=True, slots=True)
class Fee:
    """One fee: its name and what is said of it by aspect."""

    name: str
    aspects: Mapping[str, tuple[Statement, ...]]


@dataclass(frozen=True, slots=True)
class Subject:
    """The fees of one subject.

    Attributes:
        amount: Who publishes the price list: ``patent``, ``trademark`` or ``other``.
        term: How long the right lasts; for annuities.
    """

    id: str
    title: str
    right: str
    amount: str
    since: date
    fees: tuple[Fee, ...]
    general: tuple[Statement, ...]
    term: tuple[Statement, ...]


class FeesTool:
    """Tool ``fees``."""

    name = "fees"

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._questions, self._subjects = read_fees(sources.root / "fees")
        calendar, fixed = sources.calendar, load_deadlines(sources.root).fixed_holidays
        self._holidays = Holidays(calendar.days, calendar.loaded_years, fixed)

    def read(self, text: str, *, today: date) -> dict[str, str]:
        """Return subject and kind of patent as far as a sentence names them."""
        told = self._questions.read(text)
        return told if "subject" in told else {}

    def step(self, given: Mapping[str, str], *, today: date) -> Question | Result:
        """Return the next question, or the fees; for annuities the days on which they fall due."""
        known, question = self._questions.go_through(given)
        if question:
            return question
        subject = self._subjects[known["subject"]]
        if today < subject.since:
            text = self._sources.texts("tools.too_early")
            return Result(text, "", "procedure", subject.right, next=("human",))
        if subject.id != ANNUITY:
            return self._result(subject, today)
        if not given.get("filed"):
            text = self._sources.texts("tools.annuity.ask_filed")
            return Question("filed", text, "date", topic="legal_status", right="patent")
        filed = read_day("filed", given["filed"], today=today, ahead=False)
        if filed > today:
            raise ToolInputError("filed", "future")
        return self._annuities(subject, known["kind"], filed, today)

    # --- fees of a subject ---

    def _result(self, subject: Subject, day: date) -> Result:
        texts, speaker = self._sources.texts, Speaker(self._sources, day)
        blocks = [self._fee(fee, speaker) for fee in subject.fees]
        blocks += self._general(subject, speaker)
        amount = texts(f"tools.fees.amount_{subject.amount}")
        return Result(
            short=texts("tools.fees.short", title=subject.title, count=len(subject.fees), amount=amount),
            details="\n\n".join(blocks),
            topic="procedure",
            right=subject.right,
            citations=speaker.citations,
            notice=speaker.notice,
            next=("tool:deadline", "human") if subject.right == "patent" else ("human",),
            data=self._data(subject, day) | {"amount": amount},
        )

    def _fee(self, fee: Fee, speaker: Speaker) -> str:
        lines = [f"**{fee.name}**", ""]
        for aspect in ASPECTS:
            if said := speaker.say(fee.aspects.get(aspect, ())):
                lines.append(f"- {self._sources.texts(f'tools.fees.{aspect}')}：{''.join(said)}")
        return "\n".join(lines)

    def _general(self, subject: Subject, speaker: Speaker) -> list[str]:
        said = [f"- {sentence}" for sentence in speaker.say(subject.general)]
        return ["\n".join([f"**{self._sources.texts('tools.fees.general')}**", "", *said])] if said else []

    def _data(self, subject: Subject, day: date) -> dict[str, object]:
        speaker = Speaker(self._sources, day)
        fees = [
            {"name": fee.name, **{a: speaker.parts(fee.aspects.get(a, ())) for a in ASPECTS}}
            for fee in subject.fees
        ]
        general = speaker.parts(subject.general)
        return {"subject": subject.id, "title": subject.title, "fees": fees, "general": general}

    # --- annuities ---

    def _annuities(self, subject: Subject, kind: str, filed: date, today: date) -> Result:
        texts, speaker = self._sources.texts, Speaker(self._sources, today)
        schedule = schedule_of(kind, filed, self._holidays)
        given = {"kind": kind, "era": "new" if filed >= NEW_DESIGN_TERM else "old"}
        term = speaker.say(subject.term, given)
        blocks = [
            "\n".join([f"**{texts('tools.annuity.rules')}**", "", *(f"- {sentence}" for sentence in term)])
        ]
        if coming := [a for a in schedule.annuities if a.grace.due >= today][: _COMING + 1]:
            blocks = [texts("tools.annuity.granted"), self._coming(coming), *blocks]
        blocks += [self._fee(fee, speaker) for fee in subject.fees] + self._general(subject, speaker)
        amount = texts(f"tools.fees.amount_{subject.amount}")
        blocks.append(amount)
        return Result(
            short=self._annuity_short(kind, schedule, today),
            details="\n\n".join(blocks),
            topic="legal_status",
            right="patent",
            citations=speaker.citations,
            notice=speaker.notice,
            next=("tool:deadline", "human"),
            data=self._data(subject, today) | self._schedule(kind, schedule, today) | {"amount": amount},
        )

    def _annuity_short(self, kind: str, schedule: Schedule, today: date) -> str:
        texts = self._sources.texts
        late, coming = schedule.late_on(today), schedule.next_on(today)
        said = {"kind": self._questions.title("kind", kind), "filed": self._day(schedule.filed)}
        if schedule.end is None:
            return texts("tools.annuity.short_unknown", **said)
        said["end"] = self._day(schedule.end)
        if today > schedule.end:
            return texts("tools.annuity.short_over", **said)
        if late is not None:
            days = {"due": self._day(late.due.due), "grace": self._day(late.grace.due)}
            return texts("tools.annuity.short_in_grace", year=late.year, **days, **said)
        if coming is None:
            return texts("tools.annuity.short_last", **said)
        days = {"due": self._day(coming.due.due), "grace": self._day(coming.grace.due)}
        return texts("tools.annuity.short", year=coming.year, **days, **said)

    def _coming(self, annuities: list[Annuity]) -> str:
        texts = self._sources.texts
        lines = [f"**{texts('tools.annuity.coming')}**", "", *(f"- {self._line(a)}" for a in annuities)]
        if any(a.due.provisional or a.grace.provisional for a in annuities):
            lines += ["", texts("tools.annuity.provisional_why")]
        return "\n".join(lines)

    def _line(self, annuity: Annuity) -> str:
        due, grace = self._marked(annuity.due), self._marked(annuity.grace)
        return self._sources.texts("tools.annuity.line", year=annuity.year, due=due, grace=grace)

    def _marked(self, ended: Ended) -> str:
        texts = self._sources.texts
        rolled = texts("tools.annuity.rolled") if ended.rolled else ""
        return (
            self._day(ended.due) + rolled + (texts("tools.annuity.provisional") if ended.provisional else "")
        )

    def _day(self, day: date) -> str:
        return self._sources.texts("tools.day", year=day.year, month=day.month, day=day.day)

    def _schedule(self, kind: str, schedule: Schedule, today: date) -> dict[str, object]:
        late, coming = schedule.late_on(today), schedule.next_on(today)
        return {
            "kind": kind,
            "filed": schedule.filed.isoformat(),
            "term_end": schedule.end.isoformat() if schedule.end else None,
            "late": late.year if late else None,
            "next": coming.year if coming else None,
            "annuities": [
                {
                    "year": annuity.year,
                    "due": annuity.due.due.isoformat(),
                    "grace": annuity.grace.due.isoformat(),
                    "provisional": annuity.due.provisional or annuity.grace.provisional,
                }
                for annuity in schedule.annuities
            ],
        }


def read_fees(folder: Path) -> tuple[Questions, Mapping[str, Subject]]:
    """Return the questions and the subjects of a folder.

    Raises:
        DataError: Naming file and key of the first mistake.
    """
    path = folder / "questions.yml"
    fields = Fields(read_mapping(path), path)
    fields.only("valid_from", "reviewed", "questions")
    subjects = [read_subject(file) for file in sorted(folder.glob("*.yml")) if file != path]
    return read_questions(fields, "procedure"), {subject.id: subject for subject in subjects}


def read_subject(path: Path) -> Subject:
    """Return the fees in a file.

    Raises:
        DataError: Naming file and key of the first mistake.
    """
    fields = Fields(read_mapping(path), path)
    fields.only("id", "title", "right", "amount", "valid_from", "reviewed", "fees", "general", "term")
    if fields.text("id") != path.stem:
        raise fields.fail("id", f"expected {path.stem}, as the file is named")
    since = fields.date("valid_from")
    return Subject(
        id=fields.text("id"),
        title=fields.text("title"),
        right=fields.text("right"),
        amount=fields.text("amount"),
        since=since,
        fees=tuple(_fee(one, since) for one in fields.children("fees")),
        general=read_statements(fields, "general", since=since),
        term=read_statements(fields, "term", since=since),
    )


def _fee(fields: Fields, since: date) -> Fee:
    fields.only("name", *ASPECTS)
    return Fee(fields.text("name"), {a: read_statements(fields, a, since=since) for a in ASPECTS})

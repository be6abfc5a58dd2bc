"""Deadline rules, read from `knowledge_base/deadlines/`; the arithmetic is in `bot.helpdesk.deadlines`.

`counting.yml` says how periods are counted under each law (a *regime*): what happens on days off,
and from which day a served document counts. Every other file is a group of rules. A rule has one
version for every law that has set it; a version holds on the days on which its law is in force.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.helpdesk.deadlines import Length, Roll, Shape, Unit
from bot.knowledge.articles import RIGHTS, TOPICS, Citation
from bot.knowledge.datafile import DataError, Fields, read_mapping
from bot.knowledge.laws import LawRegistry

COUNTING = "counting.yml"
SERVICES = ("electronic", "post", "handed")
YEARLY = "yearly"


@dataclass(frozen=True, slots=True)
class Service:
    """From which day a document counts as received.

    Attributes:
        date_name: Which date has to be known, in Chinese.
        days: How many days after that date it counts as received.
        source: The provision.
    """

    date_name: str
    days: int
    source: Citation


@dataclass(frozen=True, slots=True)
class Regime:
    """How periods are counted under a law.

    Attributes:
        roll: What happens when the last day is a day off.
        sources: The provisions that say so.
        services: How to serve a document to what that means; empty if nothing is served.
    """

    name: str
    roll: Roll
    sources: tuple[Citation, ...]
    services: Mapping[str, Service]


@dataclass(frozen=True, slots=True)
class Version:
    """A rule as one law sets it.

    Attributes:
        length: How long the period is; None where the start itself is the last day.
        source: The provision.
    """

    length: Length | None
    source: Citation


@dataclass(frozen=True, slots=True)
class Rule:
    """One deadline.

    Attributes:
        id: As on the command line.
        title: The matter, as a button says it.
        event: What happened on the starting day.
        action: What has to be done until the last day, or what ends with it.
        is_served: The event is the receipt of a document.
        opens: The action is possible from so long before the last day on; None if from the start.
        recurs: `yearly`: the last day is the next anniversary of the start; else empty.
        starts_ahead: The starting day usually lies ahead (an expiry).
        strict: Days before the oldest version are refused: the law then in force said otherwise.
        words: Groups of words by which a sentence names it; all words of a group must occur.
        versions: Oldest law first.
        also: More provisions that it rests on.
        notes: What to mind, one sentence each.
    """

    id: str
    group: str
    right: str
    topic: str
    title: str
    event: str
    action: str
    regime: Regime
    shape: Shape
    is_served: bool
    opens: Length | None
    recurs: str
    starts_ahead: bool
    strict: bool
    words: tuple[tuple[str, ...], ...]
    versions: tuple[Version, ...]
    also: tuple[Citation, ...]
    notes: tuple[str, ...]
    next: tuple[str, ...]
    path: Path

    def version_on(self, day: date, laws: LawRegistry) -> tuple[Version, bool]:
        """Return the version for a period that begins on a day, and whether its law was in force then.

        Before the first law the oldest version stands in; between or after laws the latest begun one.
        """
        begun = [v for v in self.versions if (law := laws.get(v.source.law_id)) and law.effective <= day]
        if not begun:
            return self.versions[0], False
        return begun[-1], laws.in_force(begun[-1].source.law_id, day)

    def version_after(self, version: Version) -> Version | None:
        """Return the version that follows, if one is known."""
        place = self.versions.index(version) + 1
        return self.versions[place] if place < len(self.versions) else None


@dataclass(frozen=True)
class DeadlineBook:
    """All rules, in the order of their files.

    Attributes:
        fixed_holidays: Month and day to the name of a holiday that falls on it every year.
    """

    rules: Mapping[str, Rule]
    fixed_holidays: Mapping[tuple[int, int], str]

    def groups(self) -> list[str]:
        """Return the groups in order."""
        return list(dict.fromkeys(rule.group for rule in self.rules.values()))

    def in_group(self, group: str) -> list[Rule]:
        """Return the rules of a group."""
        return [rule for rule in self.rules.values() if rule.group == group]


def deadline_paths(root: Path) -> list[Path]:
    """Return the files of rules, without `counting.yml`."""
    return sorted(path for path in (root / "deadlines").glob("*.yml") if path.name != COUNTING)


def load_deadlines(root: Path) -> DeadlineBook:
    """Return the rules in `root/deadlines`.

    Args:
        root: The folder `knowledge_base`.
    Raises:
        DataError: Naming file and key of the first mistake.
    """
    path = root / "deadlines" / COUNTING
    fields = Fields(read_mapping(path), path)
    fields.only("fixed_holidays", "regimes")
    regimes = {regime.name: regime for regime in map(_regime, fields.children("regimes"))}
    rules: dict[str, Rule] = {}
    for file in deadline_paths(root):
        for rule in _read_file(file, regimes):
            if rule.id in rules:
                raise DataError(file, rule.id, f"is the id of a rule in {rules[rule.id].path.name} too")
            rules[rule.id] = rule
    return DeadlineBook(rules, dict(_fixed(entry) for entry in fields.children("fixed_holidays")))


def parse_length(text: str) -> Length:
    """Return a length written as `3 months`.

    Raises:
        ValueError: Not in that form.
    """
    amount, _, unit = text.partition(" ")
    if not amount.isdecimal():
        raise ValueError(f"expected a length such as '3 months', got {text!r}")
    return Length(int(amount), Unit(unit))


def _fixed(fields: Fields) -> tuple[tuple[int, int], str]:
    fields.only("month", "day", "title")
    return (fields.integer("month"), fields.integer("day")), fields.text("title")


def _regime(fields: Fields) -> Regime:
    fields.only("name", "roll", "sources", "services")
    services = {}
    for entry in fields.children("services", default=[]):
        entry.only("by", "date_name", "days", "law", "article", "paragraph", "quote")
        by = entry.text("by")
        if by not in SERVICES:
            raise entry.fail("by", f"known: {', '.join(SERVICES)}")
        services[by] = Service(entry.text("date_name"), entry.integer("days"), _citation(entry))
    roll = fields.build("roll", lambda: Roll(fields.text("roll")))
    sources = tuple(map(_checked_citation, fields.children("sources", default=[])))
    return Regime(fields.text("name"), roll, sources, services)


def _read_file(path: Path, regimes: Mapping[str, Regime]) -> Iterator[Rule]:
    fields = Fields(read_mapping(path), path)
    fields.only("group", "right", "topic", "regime", "rules")
    for entry in fields.children("rules"):
        yield _rule(entry, fields, regimes)


def _rule(fields: Fields, file: Fields, regimes: Mapping[str, Regime]) -> Rule:
    fields.only(
        "id", "right", "topic", "regime", "title", "event", "action", "served", "length", "shape", "opens",
        "recurs", "starts_ahead", "strict", "words", "versions", "also", "notes", "next",
    )  # fmt: skip
    name = fields.text("regime", default=file.text("regime"))
    if name not in regimes:
        raise fields.fail("regime", f"unknown; known: {', '.join(regimes)}")
    versions = tuple(_version(entry, fields) for entry in fields.children("versions"))
    if not versions:
        raise fields.fail("versions", "at least one is needed")
    shape = fields.text("shape", default=Shape.PERIOD.value)
    return Rule(
        id=fields.text("id"),
        group=file.text("group"),
        right=_one_of(fields, "right", fields.text("right", default=file.text("right")), RIGHTS),
        topic=_one_of(fields, "topic", fields.text("topic", default=file.text("topic")), TOPICS),
        title=fields.text("title"),
        event=fields.text("event"),
        action=fields.text("action"),
        regime=regimes[name],
        shape=fields.build("shape", lambda: Shape(shape)),
        is_served=_flag(fields, "served"),
        opens=_length(fields, "opens"),
        recurs=_one_of(fields, "recurs", fields.text("recurs", default=""), ("", YEARLY)),
        starts_ahead=_flag(fields, "starts_ahead"),
        strict=_flag(fields, "strict"),
        words=tuple(tuple(group.split()) for group in fields.texts("words", default=[])),
        versions=versions,
        also=tuple(map(_checked_citation, fields.children("also", default=[]))),
        notes=tuple(fields.texts("notes", default=[])),
        next=tuple(fields.texts("next", default=[])),
        path=fields.path,
    )


def _version(fields: Fields, rule: Fields) -> Version:
    fields.only("law", "article", "paragraph", "quote", "length")
    own = _length(fields, "length")
    return Version(own if own else _length(rule, "length"), _citation(fields))


def _length(fields: Fields, key: str) -> Length | None:
    text = fields.text(key, default="")
    return fields.build(key, lambda: parse_length(text)) if text else None


def _checked_citation(fields: Fields) -> Citation:
    fields.only("law", "article", "paragraph", "quote")
    return _citation(fields)


def _citation(fields: Fields) -> Citation:
    paragraph = None if fields.data.get("paragraph") is None else fields.integer("paragraph")
    return Citation(fields.text("law"), fields.text("article", default=""), paragraph, fields.text("quote"))


def _flag(fields: Fields, key: str) -> bool:
    value = fields.data.get(key, False)
    if not isinstance(value, bool):
        raise fields.fail(key, f"expected true or false, got {value!r}")
    return value


def _one_of(fields: Fields, key: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise fields.fail(key, f"unknown value {value!r}; known: {', '.join(known)}")
    return value

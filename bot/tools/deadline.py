"""The deadline calculator: which period, how the document came, from which day; then the last day.

`given`: `rule` (an id), `service` (`electronic`, `post`, `handed`, or `received` when `from` is the day of
receipt itself), `from` (a day), and to find the rule `group` or `among` (ids).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.helpdesk.deadlines import Ended, Holidays, Length, Shape, Unit, add_months, end_of
from bot.knowledge.deadlines import SERVICES, DeadlineBook, Rule, Service, Version, load_deadlines
from bot.tools.days import NoSuchDay, find_day
from bot.tools.deadline_result import DeadlineResult
from bot.tools.finding import rules_named, service_named
from bot.tools.model import Choice, Question, Result, ToolInputError
from bot.tools.sources import Sources

RECEIVED = "received"
_YEARS = range(1900, 2200)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Counted:
    """A deadline that was worked out.

    Attributes:
        given: The day from which it was asked.
        service: How the document came; None if that does not matter or `given` is the day of receipt.
        start: The day of the event.
        in_force: Whether the law of the version was in force on that day.
        opens: First day on which the action is possible; None if from the start.
    """

    rule: Rule
    version: Version
    given: date
    service: Service | None
    service_name: str
    start: date
    in_force: bool
    ended: Ended
    opens: date | None


class DeadlineTool:
    """Works out the last day of a period."""

    name = "deadline"

    def __init__(self, sources: Sources, book: DeadlineBook) -> None:
        self._sources, self.book = sources, book
        calendar = sources.calendar
        self._holidays = Holidays(calendar.days, calendar.loaded_years, book.fixed_holidays)

    @classmethod
    def load(cls, sources: Sources) -> DeadlineTool:
        """Return the tool with the rules of the knowledge base.

        Raises:
            DataError: A rule cannot be used.
        """
        return cls(sources, load_deadlines(sources.root))

    def read(self, text: str, *, today: date) -> dict[str, str]:
        """Return the rule or the few rules that a sentence names, the day, and how the document came."""
        found = rules_named(text, self.book.rules.values())
        told: dict[str, str] = {}
        if len(found) == 1:
            told["rule"] = found[0].id
        elif found:
            told["among"] = ",".join(rule.id for rule in found)
        if (service := service_named(text)) and any(rule.is_served for rule in found):
            told["service"] = service
        try:
            day = find_day(text, today=today, ahead=bool(found) and all(rule.starts_ahead for rule in found))
        except NoSuchDay:
            day = None
        if day:
            told["from"] = day.isoformat()
        return told

    def step(self, given: Mapping[str, str], *, today: date) -> Question | Result:
        """Return what has to be known next, or the deadline.

        Raises:
            ToolInputError: No such rule, service or day, or the rule does not hold then.
        """
        if not given.get("rule"):
            return self._ask_rule(given)
        rule = self.book.rules.get(given["rule"])
        if rule is None:
            raise ToolInputError("rule", "rule", value=given["rule"])
        if rule.is_served and not given.get("service"):
            return self._ask_service(rule)
        service_name = given.get("service") or RECEIVED
        service = self._service(rule, service_name)
        if not given.get("from"):
            return self._ask_from(rule, service)
        day = read_day("from", given["from"], today=today, ahead=rule.starts_ahead)
        counted = self._count(rule, service, service_name, day, today)
        return DeadlineResult(self._sources, self._holidays, today).of(counted)

    # --- questions ---

    def _ask_rule(self, given: Mapping[str, str]) -> Question:
        rules = self.book.rules
        among = [rules[name] for name in given.get("among", "").split(",") if name in rules]
        if among:
            return self._ask("rule", "ask_rule", _rule_choices(among), right=_common_right(among))
        groups = self.book.groups()
        if not given.get("group"):
            return self._ask("group", "ask_group", tuple(Choice(name, name) for name in groups))
        group = given["group"].strip()
        if group.isdecimal() and 1 <= int(group) <= len(groups):
            group = groups[int(group) - 1]
        rules = self.book.in_group(group)
        if not rules:
            raise ToolInputError("group", "choice", choices="、".join(groups))
        return self._ask("rule", "ask_rule", _rule_choices(rules), right=_common_right(rules))

    def _ask_service(self, rule: Rule) -> Question:
        names = (RECEIVED, *(name for name in SERVICES if name in rule.regime.services))
        choices = tuple(Choice(self._words(f"services.{name}"), name) for name in names)
        return self._ask("service", "ask_service", choices, right=rule.right)

    def _ask_from(self, rule: Rule, service: Service | None) -> Question:
        if service:
            text = self._words("ask_from_served", date_name=service.date_name)
        else:
            text = self._words("ask_from", event=rule.event)
        return Question("from", text, "date", right=rule.right)

    def _ask(self, field: str, key: str, choices: Sequence[Choice], *, right: str = "general") -> Question:
        return Question(field, self._words(key), "choice", tuple(choices), right=right)

    def _words(self, key: str, **values: object) -> str:
        return self._sources.texts(f"tools.deadline.{key}", **values)

    # --- the result ---

    def _service(self, rule: Rule, name: str) -> Service | None:
        if name == RECEIVED:
            return None
        if name not in SERVICES:
            raise ToolInputError("service", "service", value=name)
        service = rule.regime.services.get(name) if rule.is_served else None
        if service is None:
            raise ToolInputError("service", "service_not_applicable", event=rule.event)
        return service

    def _count(
        self, rule: Rule, service: Service | None, service_name: str, given: date, today: date
    ) -> Counted:
        laws = self._sources.knowledge.laws
        try:
            start = given + service.days * _DAY if service else given
            version, in_force = rule.version_on(self._day_of_law(rule, start, today), laws)
            self._check_version(rule, version, start, in_force=in_force)
            ended = self._end(rule, version, start, today)
            opens = self._opens(rule, ended.due)
        except OverflowError as error:
            raise ToolInputError("from", "date_range") from error
        return Counted(rule, version, given, service, service_name, start, in_force, ended, opens)

    def _day_of_law(self, rule: Rule, start: date, today: date) -> date:
        """Return the day whose law counts: that of the event; for what lasts or comes every year, today's."""
        lasts = rule.recurs or rule.shape is not Shape.PERIOD
        return max(start, today) if lasts and not rule.strict else start

    def _check_version(self, rule: Rule, version: Version, start: date, *, in_force: bool) -> None:
        law = self._sources.knowledge.laws.get(version.source.law_id)
        if in_force or law is None:
            return
        if law.effective_until and start > law.effective_until:
            end = law.effective_until.isoformat()
            raise ToolInputError("from", "rule_ended", law=law.short_title, day=end)
        if rule.strict:
            raise ToolInputError("from", "before_law", law=law.short_title, day=law.effective.isoformat())

    def _end(self, rule: Rule, version: Version, start: date, today: date) -> Ended:
        if rule.recurs:
            return self._rolled(rule, _next_anniversary(start, today))
        if version.length is None:
            return Ended(start, start)
        return end_of(start, version.length, self._holidays, roll=rule.regime.roll, shape=rule.shape)

    def _rolled(self, rule: Rule, last: date) -> Ended:
        return end_of(last, Length(0, Unit.DAYS), self._holidays, roll=rule.regime.roll)

    def _opens(self, rule: Rule, due: date) -> date | None:
        return add_months(due, -rule.opens.amount) + _DAY if rule.opens else None


def read_day(field: str, text: str, *, today: date, ahead: bool) -> date:
    """Return the day that an answer names.

    Raises:
        ToolInputError: None, one that does not exist, or one far away.
    """
    try:
        day = find_day(text, today=today, ahead=ahead)
    except NoSuchDay as error:
        raise ToolInputError(field, "date_impossible", value=str(error)) from error
    if day is None:
        raise ToolInputError(field, "date", value=text)
    if day.year not in _YEARS:
        raise ToolInputError(field, "date_range")
    return day


def _next_anniversary(start: date, today: date) -> date:
    years = max(today.year - start.year, 1)
    day = add_months(start, 12 * years)
    return day if day >= today else add_months(start, 12 * (years + 1))


def _rule_choices(rules: Sequence[Rule]) -> tuple[Choice, ...]:
    return tuple(Choice(rule.title, rule.id) for rule in rules)


def _common_right(rules: Sequence[Rule]) -> str:
    rights = {rule.right for rule in rules}
    return rights.pop() if len(rights) == 1 else "general"

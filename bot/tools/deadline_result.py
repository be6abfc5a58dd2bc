"""What a citizen reads about a deadline: the day, how it was counted, and on which provisions it rests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from bot.helpdesk.deadlines import Holidays, Length, Roll, Shape, Unit
from bot.knowledge import Cited
from bot.knowledge.articles import Citation
from bot.tools.model import Result
from bot.tools.sources import Sources

if TYPE_CHECKING:
    from bot.tools.deadline import Counted

_DAY = timedelta(days=1)
_YEAR = timedelta(days=366)
_WEEKDAYS = "一二三四五六日"
_NEXT = ("tool:deadline", "human")

Step = dict[str, str]


class DeadlineResult:
    """Words deadlines.

    Args:
        today: Local day, to say how many days are left.
    """

    def __init__(self, sources: Sources, holidays: Holidays, today: date) -> None:
        self._sources, self._holidays, self._today = sources, holidays, today

    def of(self, counted: Counted) -> Result:
        """Return the result for a deadline that was worked out."""
        rule, due = counted.rule, counted.ended.due
        mark = self._words("mark") if counted.ended.provisional else ""
        short = self._words("short", title=rule.title, date=day_words(due), mark=mark, action=rule.action)
        steps = list(self._steps(counted))
        notices = list(self._notices(counted))
        return Result(
            short=short + self._left(due, rule.shape),
            details=self._details(counted, steps),
            topic=rule.topic,
            right=rule.right,
            citations=self._citations(counted),
            notice="".join(notices) or None,
            next=rule.next or _NEXT,
            data=self._data(counted, steps, notices),
        )

    def _left(self, due: date, shape: Shape) -> str:
        days = (due - self._today).days
        if days == 0:
            return self._words("today")
        if days > 0:
            return self._words("left", days=days) if days <= _YEAR.days else ""
        return self._words("passed", days=-days) if shape is Shape.PERIOD else self._words("over")

    # --- how it was counted ---

    def _steps(self, counted: Counted) -> Iterator[Step]:
        rule, ended = counted.rule, counted.ended
        yield from self._start(counted)
        if rule.recurs:
            yield self._step("end", "recurs", ended.last)
        elif counted.version.length is None:
            yield self._step("end", "is_start", ended.last)
        else:
            yield from self._length(counted, counted.version.length)
        yield from self._off(counted)
        if counted.opens:
            yield self._step("opens", "opens", counted.opens)

    def _start(self, counted: Counted) -> Iterator[Step]:
        service = counted.service
        if service is None:
            yield self._step("start", "start", counted.start, event=counted.rule.event)
            return
        by = self._words(f"by.{counted.service_name}")
        yield self._step("dated", "dated", counted.given, date_name=service.date_name)
        if service.days:
            received = day_words(counted.start)
            step = self._step(
                "served", "served", counted.given, by=by, days=service.days, received=received
            )
            yield {**step, "date": counted.start.isoformat(), "text": step["text"] + self._words("steps.proof")}
        else:
            yield self._step("served", "served_same", counted.start, by=by)

    def _length(self, counted: Counted, length: Length) -> Iterator[Step]:
        ended, shape = counted.ended, counted.rule.shape
        said = self.length(length)
        if shape is not Shape.PERIOD:
            yield self._step("length", shape.value, ended.last, length=said)
            return
        yield self._step("begin", "next_day", counted.start + _DAY)
        if length.unit is Unit.WORKING_DAYS:
            yield self._step("length", "working", ended.last, length=said, amount=length.amount)
            if ended.off:
                names = dict.fromkeys(title for _, title in ended.off)
                yield self._step("holidays", "working_holidays", ended.off[0][0], holidays="、".join(names))
        elif length.unit is not Unit.DAYS and ended.last.day != counted.start.day:
            yield self._step("length", "no_such_day", ended.last, length=said, number=counted.start.day)
        else:
            yield self._step("length", "end", ended.last, length=said)

    def _off(self, counted: Counted) -> Iterator[Step]:
        rule, ended = counted.rule, counted.ended
        if rule.shape is not Shape.PERIOD or (counted.version.length is None and not rule.recurs):
            return
        if counted.version.length and counted.version.length.unit is Unit.WORKING_DAYS:
            return
        if rule.regime.roll is Roll.NONE:
            yield self._step("roll", "no_roll", ended.due)
            return
        if ended.off:
            yield self._step("roll", f"rolled_{rule.regime.roll.value}", ended.due, off=self._rest(counted))
        elif ended.made_up is None:
            yield self._step("roll", "stays", ended.due)
        if ended.made_up is not None:
            yield self._step("makeup", "made_up", ended.due, title=ended.made_up)

    def _rest(self, counted: Counted) -> str:
        off = counted.ended.off
        first, last = off[0][0], off[-1][0]
        titles = "、".join(dict.fromkeys(title for _, title in off if title))
        if first == last:
            key = "holiday" if titles else "weekend"
            return self._words(f"resting.{key}", date=day_words(first), title=titles)
        key = "holidays" if titles else "rest"
        return self._words(f"resting.{key}", first=day_words(first), last=day_words(last), titles=titles)

    def _step(self, kind: str, key: str, day: date, **values: object) -> Step:
        text = self._words(f"steps.{key}", date=day_words(day), **values)
        return {"kind": kind, "date": day.isoformat(), "text": text}

    # --- what to mind ---

    def _notices(self, counted: Counted) -> Iterator[str]:
        if counted.ended.provisional:
            days = (counted.ended.last, counted.ended.due)
            years = sorted({str(day.year) for day in days if not self._holidays.is_known(day)})
            yield self._words("notice.provisional", years="、".join(years or [str(counted.ended.due.year)]))
        law = self._sources.knowledge.laws.get(counted.version.source.law_id)
        if law and not counted.in_force and counted.start < law.effective:
            yield self._words("notice.early", day=plain_day(law.effective))
        yield from self._change(counted)

    def _change(self, counted: Counted) -> Iterator[str]:
        """Say what the next version of the rule changes, if it is near or the period reaches into it."""
        following = counted.rule.version_after(counted.version)
        law = self._sources.knowledge.laws.get(following.source.law_id) if following else None
        if following is None or law is None:
            return
        reaches = counted.ended.due >= law.effective
        day = plain_day(law.effective)
        if following.length == counted.version.length:
            if reaches:
                article = self._cite(following.source).article
                yield self._words("notice.same_length", day=day, law=law.short_title, article=article)
            return
        if reaches or law.effective - self._today < _YEAR:
            length = self.length(following.length) if following.length else ""
            yield self._words("notice.changed", day=day, law=law.short_title, length=length)
        if reaches:
            yield self._words("notice.straddles", day=day)

    # --- the rest ---

    def _details(self, counted: Counted, steps: list[Step]) -> str:
        lines = [self._words("how"), "", *(f"{place}. {step['text']}" for place, step in enumerate(steps, 1))]
        cited, quote = self._cite(counted.version.source), counted.version.source.quote
        lines += ["", self._words("basis", law=cited.law, article=cited.article, quote=quote)]
        if counted.rule.notes:
            lines += ["", self._words("minding"), "", *(f"- {note}" for note in counted.rule.notes)]
        return "\n".join(lines)

    def _citations(self, counted: Counted) -> tuple[Cited, ...]:
        rule = counted.rule
        sources = [counted.version.source, *rule.also]
        if counted.service:
            sources.append(counted.service.source)
        if rule.shape is Shape.PERIOD:
            sources += rule.regime.sources
        quotes: dict[tuple[str, str], list[str]] = {}
        for source in sources:
            quotes.setdefault((source.law_id, source.article), []).append(source.quote)
        return tuple(self._sources.cite(law, number, *said) for (law, number), said in quotes.items())

    def _data(self, counted: Counted, steps: list[Step], notices: list[str]) -> dict[str, Any]:
        cited, ended = self._cite(counted.version.source), counted.ended
        return {
            "rule": counted.rule.id,
            "title": counted.rule.title,
            "action": counted.rule.action,
            "event": counted.rule.event,
            "from": counted.given.isoformat(),
            "service": counted.service_name if counted.service else None,
            "start": counted.start.isoformat(),
            "date": ended.due.isoformat(),
            "rolled": ended.rolled,
            "last_before_rolling": ended.last.isoformat(),
            "opens": counted.opens.isoformat() if counted.opens else None,
            "provisional": ended.provisional,
            "steps": steps,
            "law_id": cited.law_id,
            "law": cited.law,
            "article": cited.article,
            "effective": cited.effective.isoformat(),
            "quote": counted.version.source.quote,
            "notices": notices,
            "notes": list(counted.rule.notes),
        }

    def length(self, length: Length) -> str:
        """Return a length in words."""
        return self._words(f"length.{length.unit.value}", amount=length.amount)

    def _cite(self, source: Citation) -> Cited:
        return self._sources.cite(source.law_id, source.article, source.quote)

    def _words(self, key: str, **values: object) -> str:
        return self._sources.texts(f"tools.deadline.{key}", **values)


def plain_day(day: date) -> str:
    """Return a day as citizens read it: 2026年11月20日."""
    return f"{day.year}年{day.month}月{day.day}日"


def day_words(day: date) -> str:
    """Return a day with its weekday: 2026年11月20日（星期五）."""
    return f"{plain_day(day)}（星期{_WEEKDAYS[day.weekday()]}）"

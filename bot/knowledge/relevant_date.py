"""The day whose rules a message asks about: 去年的赔偿标准, 2027年以后申请, 上个月被侵权.

Today's rules are the default. Another day counts only when the message names exactly one moment and
the moment matters for the rule:

- A past one says when something happened. It is ignored when the message also speaks of now (现在,
  还能…) or asks what to do (怎么办, 去哪投诉): what is done, is done today, under today's rules.
  So is the year in which a right or a business began (2009年就注册了, 2015年的证书).
- A coming one says when something will happen. It is ignored when it is only the end of a right
  (2030年到期), up to which much may still be done today.
- A year may also name a law (2019年商标法) or bound a stretch that holds today (2020年以后, 2027年之前);
  三年前 tells an age.

A stretch stands for the day nearest to today: 去年 for its last day, 明年 for its first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from bot.knowledge.numerals import parse_number

EARLIEST_YEAR = 1985
"""First year of the Patent Law; earlier years belong to stories, not to rules."""
SOON = timedelta(days=60)
"""A day without a year (1月1日) is a coming one only so far ahead."""

_N = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
_YEAR = r"(?<![\dA-Za-z.])(?P<year>(?:19[89]|20[0-4])\d|二[零〇○][零〇○一二三四][零〇○一二三四五六七八九])年"
_MONTH_DAY = rf"(?:的?(?P<month>{_N})月份?(?:的?(?P<day>{_N})[日号])?)?"
_MON_DOM = _MONTH_DAY.replace("<month>", "<mon>").replace("<day>", "<dom>")
_SAID_YEAR = r"(?P<said>大?前年|去年|今年|(?<![说证声注标])明年|(?<![之以然最年权册请告期月天])大?后年)(?!费|检|审|限|报)"
_SAID_MONTH = (
    rf"(?P<near>上上个?月|(?<!以)上个?月|下下个?月|(?<!以)下个?月|这个月|本月)(?:的?(?P<on>{_N})[日号])?"
)
_SAID_DAY = r"(?P<today>大?前天|昨[天日]|今[天日]|(?<![说证])明[天日]|(?<![之以然权])大?后天)"
_AGO = (
    r"(?<![期日满限届权请册布开告到会近连第内\d])"
    r"(?P<ago>\d{1,2}|半|[一二两三四五六七八九十]{1,2})(?:年|个月|个?星期|周|天)多?(?:以|之)?前(?!后)"
)
_DIGITS = r"(?<![\d.-])(?P<y>(?:19[89]|20[0-4])\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?![\d.-])"
_DAY_OF_YEAR = rf"(?<![年\d个])(?P<lone>{_N})月(?P<lone_day>{_N})[日号]"
_MOMENT = re.compile(
    "|".join((_AGO, _YEAR + _MONTH_DAY, _SAID_YEAR + _MON_DOM, _SAID_MONTH, _SAID_DAY, _DIGITS, _DAY_OF_YEAR))
)

_PART = r"(?:年?[底末初]|上半年|下半年)?"
_BEFORE = re.compile(rf"{_PART}(?:以|之)?前(?!后|年|天)")
_SINCE = re.compile(rf"{_PART}(?:(?:以|之)?后|以来|至今|到现在|起|开始)")
_EXPIRY = re.compile(r"[\u4e00-\u9fff]{0,3}?(?:到期|届满|期满|过期|失效|终止)")
_LAW = re.compile(
    r"(?:的|版|新|旧|老|第?[一二三四]次|修[正订改]|颁布|公布|发布|通过|出台|起?(?:施行|实施|生效)|《|中华人民共和国)*"
    r"(?:专利|商标|著作|版权|反不正当竞争|反垄断|电子商务|电商|民事?|刑|种子|行政|植物新品种|软件|地理标志|反)"
    r"(?:权|实施|保护|诉讼|处罚|复议|法){0,2}(?:法(?!院|律|人|官|定)|法典|条例|细则|办法)"
)
_BEGAN = re.compile(
    r"(?:我们?|公司|店里?|厂里?)?(?:就|已经?)(?:申请|注册|登记|成立|授权|开[了店业张]|用|拿到?|取得|获得|入职)"
    r"|的(?:实用新型|证书|老?牌子)"
)
_NOW = re.compile(
    r"现在|目前|如今|眼下|当前|最近|刚刚|刚才|这几天|还(?:能|可|用|有|在|受|算|是|要|需|来得及|会|没|保护|继续)|来得及"
)
_WHAT_TO_DO = re.compile(
    r"[怎咋]么?(?:办|整|弄|维权|投诉|举报|起诉|告|申请|处理|解决|续|补|要|追|应对|取证|收集)"
    r"|如何(?:维权|投诉|举报|起诉|申请|处理|解决|补救|应对|办理|取证|收集)"
    r"|做什么|有没有办法|我该|从哪|[怎样么]才能|补救"
    r"|去哪|找谁|找哪|哪里(?:可以)?(?:投诉|举报|告|办)|求助|帮帮|帮我|[想要](?:投诉|举报|申请|起诉|告|维权)"
)


@dataclass(frozen=True, slots=True)
class _Moment:
    first: date
    last: date


def relevant_date(text: str, today: date) -> date | None:
    """Return the day whose rules a message asks about; None for today's.

    Args:
        text: What the citizen wrote.
        today: Local day on which it was written.
    """
    plain = re.sub(r"\s+", "", text)
    days = set(_days(plain, today))
    if len(days) != 1:
        return None
    (day,) = days
    if day < today and (_NOW.search(plain) or _WHAT_TO_DO.search(plain)):
        return None
    return None if day == today else day


def _days(text: str, today: date) -> Iterator[date]:
    """Yield the day for which each moment of a text stands; today for those that hold today."""
    for match in _MOMENT.finditer(text):
        try:
            moment = _moment(match, today)
        except ValueError:
            continue  # no such day: 2月30日
        if moment is None or moment.first.year < EARLIEST_YEAR:
            continue
        day = _nearest(moment, text[match.end() :], today)
        if day is not None:
            yield day


def _nearest(moment: _Moment, rest: str, today: date) -> date | None:
    """Return the day of a moment nearest to today, None if the moment is no matter of rules.

    Args:
        moment: What was named.
        rest: The words after it: they may move it to before or after.
        today: The day of the message.
    """
    if moment.last < today:
        if _LAW.match(rest) or _BEGAN.match(rest):
            return None
        if _BEFORE.match(rest):
            return moment.first - timedelta(days=1)
        return today if _SINCE.match(rest) else moment.last
    if moment.first > today:
        if _EXPIRY.match(rest):
            return None
        return today if _BEFORE.match(rest) else moment.first
    return today


def _moment(match: re.Match[str], today: date) -> _Moment | None:
    """Return what one match names.

    Raises:
        ValueError: The calendar has no such day.
    """
    found = {name: value for name, value in match.groupdict().items() if value is not None}
    for name, read in _READERS.items():
        if name in found:
            return read(found, today)
    return None


def _year(found: dict[str, str], today: date) -> _Moment:
    year = _number(found["year"].replace("○", "〇"))
    return _stretch(year, _number(found.get("month")), _number(found.get("day")))


def _said_year(found: dict[str, str], today: date) -> _Moment:
    offset = {"大前年": -3, "前年": -2, "去年": -1, "今年": 0, "明年": 1, "后年": 2, "大后年": 3}[
        found["said"]
    ]
    return _stretch(today.year + offset, _number(found.get("mon")), _number(found.get("dom")))


def _said_month(found: dict[str, str], today: date) -> _Moment:
    word = found["near"]
    steps = word.count("下") - word.count("上")
    return _stretch(*_month_after(today, steps), _number(found.get("on")))


def _said_day(found: dict[str, str], today: date) -> _Moment:
    word = found["today"].replace("日", "天")
    offset = {"大前天": -3, "前天": -2, "昨天": -1, "今天": 0, "明天": 1, "后天": 2, "大后天": 3}[word]
    return _one(today + timedelta(days=offset))


def _ago(found: dict[str, str], today: date) -> _Moment:
    """Return today: 三年前 tells how old a matter or a proof is, hardly ever whose rules are meant."""
    return _one(today)


def _digits(found: dict[str, str], today: date) -> _Moment:
    return _stretch(int(found["y"]), int(found["m"]), int(found["d"]))


def _lone_day(found: dict[str, str], today: date) -> _Moment:
    """Return the last such day, or the next one if it is soon."""
    month, day = _number(found["lone"]), _number(found["lone_day"])
    years = (today.year - 1, today.year, today.year + 1)
    return _one(max(found for year in years if (found := date(year, month, day)) - today <= SOON))


_READERS: dict[str, Callable[[dict[str, str], date], _Moment]] = {
    "ago": _ago,
    "year": _year,
    "said": _said_year,
    "near": _said_month,
    "today": _said_day,
    "y": _digits,
    "lone": _lone_day,
}


def _stretch(year: int, month: int, day: int) -> _Moment:
    """Return a year, a month or a day; 0 stands for what was not said."""
    if day:
        return _one(date(year, month, day))
    if month:
        return _Moment(date(year, month, 1), _last_day(year, month))
    return _Moment(date(year, 1, 1), date(year, 12, 31))


def _one(day: date) -> _Moment:
    return _Moment(day, day)


def _month_after(day: date, steps: int) -> tuple[int, int]:
    months = day.year * 12 + day.month - 1 + steps
    return months // 12, months % 12 + 1


def _last_day(year: int, month: int) -> date:
    following = date(year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)


def _number(words: str | None) -> int:
    """Return a number written in digits or Chinese; 0 for None.

    Raises:
        ValueError: The signs write no number.
    """
    number = parse_number(words) if words else 0
    if number is None:
        raise ValueError(words)
    return number

"""Figures in legal prose: amounts with a unit, whether in Chinese or Arabic numerals.

``三十日``, ``30日`` and ``30 天`` are one figure; so are ``五万元`` and ``50,000元``. Dates, years,
ordinals (第三年) and article numbers are not figures. Counters such as 件 and 张 count as figures from
ten on: 五百件 is a threshold, 两份 is everyday speech.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from bot.knowledge.numerals import NUMERAL, parse_number

_ARABIC = r"\d+(?:,\d{3})*(?:\.\d+)?"
_NUMBER = rf"(?:{_ARABIC}[十百千万亿]*|{NUMERAL}|半)"
_MEASURE = "个?工作日|个月|日|天|年|个?星期|周|个?小时|元|倍|%|‰"
_COUNTER = "件|张|部|份|次|人|名"
_YEAR, _SHORT_NUMBER = r"(?:\d{4}|[〇零一二三四五六七八九]{4})", rf"(?:\d{{1,2}}|{NUMERAL})"
_DATE = re.compile(
    rf"{_YEAR}年(?:{_SHORT_NUMBER}月(?:{_SHORT_NUMBER}日)?)?"
    rf"|\d{{4}}[-./]\d{{1,2}}[-./]\d{{1,2}}|(?<!个){_SHORT_NUMBER}月{_SHORT_NUMBER}日"
)
_PLACE = re.compile(
    rf"第(?:\d+|{NUMERAL})(?:条|款|项|章|节|编|个?年|天|日|次|名|周|批|类|页|人)(?:之{NUMERAL})?|〔\d+〕\d+号"
)
_PERCENT = re.compile(rf"百分之({NUMERAL})")
_FIGURE = re.compile(rf"({_NUMBER})(?:(?:至|到|[-~—–])({_NUMBER}))?(?:多|余)?({_MEASURE}|{_COUNTER})")
_SAME_UNIT = {"天": "日", "个工作日": "工作日", "个月": "月", "个小时": "小时", "个星期": "周", "星期": "周"}
_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_SMALLEST_COUNT = 10


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount; equal figures say the same in other signs.

    Attributes:
        value: The number, large units multiplied out.
        unit: One spelling for each unit (天 is 日).
    """

    value: Decimal
    unit: str


def figures_in(text: str) -> dict[Figure, str]:
    """Return the figures of a text, each with the words in which it first stands."""
    plain = re.sub(r"\s+|\*", "", unicodedata.normalize("NFKC", text))
    plain = _PERCENT.sub(r"\1%", _PLACE.sub("，", _DATE.sub("，", plain)))
    found: dict[Figure, str] = {}
    for match in _FIGURE.finditer(plain):
        for figure in _figures_of(match):
            found.setdefault(figure, match[0])
    return found


def _figures_of(match: re.Match[str]) -> Iterator[Figure]:
    unit = _SAME_UNIT.get(match[3], match[3])
    for number in (match[1], match[2]):
        value = _value(number) if number else None
        if value is None:
            continue
        if re.fullmatch(_COUNTER, unit) and value < _SMALLEST_COUNT:
            continue
        yield Figure(value, unit)


def _value(number: str) -> Decimal | None:
    if number == "半":
        return Decimal("0.5")
    match = re.fullmatch(rf"({_ARABIC})([十百千万亿]*)", number)
    if match is None:
        value = parse_number(number)
        return None if value is None else Decimal(value)
    value = Decimal(match[1].replace(",", ""))
    for scale in match[2]:
        value *= _SCALES[scale]
    return value.normalize()

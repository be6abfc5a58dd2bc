"""Chinese numerals in dates: 二〇二六年十一月二十日 → 2026年11月20日."""

from __future__ import annotations

import re

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2, "廿": 20}
_NUMERAL = r"[零〇○一二三四五六七八九两]"
# Only numerals that stand before a unit of time are numbers: 一直, 十堰 and 周一 are not.
_YEAR = re.compile(rf"({_NUMERAL}{{4}}|{_NUMERAL}{{2}})(?=年(?!前|多|来|左右))")
_COUNT = re.compile(r"([一二三四五六七八九两]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|[一二三四五六七八九两])(?=个?月|日|号|天|周|个?星期|个?礼拜|年)")


def with_digits(text: str) -> str:
    """Return the text with the numerals of dates written in digits."""
    text = _YEAR.sub(lambda m: "".join(str(_DIGITS[c]) for c in m[1]), text)
    return _COUNT.sub(_count, text)


def _count(match: re.Match[str]) -> str:
    if match.string[max(match.start() - 1, 0) : match.start()] in ("上", "这", "下", "周", "期"):
        return match[0]
    return str(number(match[1]))


def number(numeral: str) -> int:
    """Return the value of a numeral up to 99: 二十三 is 23, 廿三 is 23."""
    if numeral.startswith("廿"):
        return 20 + (_DIGITS[numeral[1]] if len(numeral) > 1 else 0)
    tens, ten, units = numeral.partition("十")
    if not ten:
        return _DIGITS[numeral]
    return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[units] if units else 0)

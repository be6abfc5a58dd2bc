"""Chinese numerals in Arabic digits, where people and statutes write the same thing both ways."""

from __future__ import annotations

import re

_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")}
_DIGITS.update({"〇": 0, "两": 2})
_UNITS = {"十": 10, "百": 100, "千": 1000}
_TEN_THOUSAND = "万"

# Not what multiplies digits: 2万元 stays as it is written.
_NUMERAL = r"(?<![\d.])[零〇一二两三四五六七八九十百千万]+"
# 第七十四条, 二十年, 三个月, 五万元, 十五个工作日: a numeral with 第 before it or a measure after it.
_IN_CONTEXT = re.compile(
    rf"(?<=第){_NUMERAL}|{_NUMERAL}(?=年|个月|个工作日|天|日|周|星期|个小时|小时|元|块|倍|条|款|项|类|件|份|%)"
)


def arabic_numerals(text: str) -> str:
    """Replace Chinese numerals that count something; others (一般, 统一, 万一) stay as they are."""
    return _IN_CONTEXT.sub(lambda match: _arabic(match.group()), text)


def _arabic(numeral: str) -> str:
    if not any(character in _UNITS or character == _TEN_THOUSAND for character in numeral):
        return "".join(str(_DIGITS[character]) for character in numeral)
    high, found, low = numeral.rpartition(_TEN_THOUSAND)
    return str((_below_ten_thousand(high) or 1) * 10_000 + _below_ten_thousand(low) if found else _below_ten_thousand(low))


def _below_ten_thousand(numeral: str) -> int:
    total, digit = 0, 0
    for character in numeral:
        if character in _UNITS:
            # 十五 is 15: a unit without a digit before it counts once.
            total += (digit or 1) * _UNITS[character]
            digit = 0
        else:
            digit = _DIGITS.get(character, 0)
    return total + digit

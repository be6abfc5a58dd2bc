"""How much: a number of things and an amount of money, in one answer."""

from __future__ import annotations

import re
from decimal import Decimal

from bot.knowledge.numerals import NUMERAL, parse_number
from bot.services.fields.result import Accepted, Outcome, rejected
from bot.services.fields.vocabulary import normalise

_UNITS = "件套只个双台箱包条瓶本张册份支副盒袋辆部块幅篇首款种批吨斤公斤千克升米片枚颗根对把"
_FIGURE = r"(\d+(?:,\d{3})*(?:\.\d+)?)"
_TIMES = {"": 1, "百": 10**2, "千": 10**3, "万": 10**4, "百万": 10**6, "千万": 10**7, "亿": 10**8}
_SCALE = r"(百万|千万|百|千|万|亿)?"
_MONEY = re.compile(rf"(?:[¥￥]\s*{_FIGURE}\s*{_SCALE})|(?:{_FIGURE}\s*{_SCALE}(?:多|余)?\s*(?:人民币)?(?:元|块钱|块|圆|rmb))", re.I)
_COUNT = re.compile(rf"{_FIGURE}\s*{_SCALE}(?:多|余|来)?\s*(公斤|千克|[{_UNITS}])(?!钱)")
# Numerals are numbers only before a unit or a scale that ends in one: 一直 and 三星 are not.
_NUMERALS = re.compile(rf"{NUMERAL}(?=(?:多|余|来)?(?:人民币)?(?:元|块|圆|公斤|千克|[{_UNITS}]))")
_LARGEST = Decimal(10) ** 13
_EACH = re.compile(r"(?:每|一(?!共))[^\d,，。；;]{0,3}$|(?:单价|售价|标价|价格)[^\d,，。；;]{0,3}$")


def check_extent(text: str) -> Outcome:
    """Find how many things and how much money an answer names; one of them is enough.

    Returns:
        Accepted with `30件，单价120元，3600元`, of which each may be missing; an amount is in yuan, without
        separators. A price of one piece is not the amount; it is multiplied if the number of pieces is known.
    """
    said = _NUMERALS.sub(_in_digits, normalise(text).replace(" ", ""))
    money, each = _money(said)
    # Numbers of money must not count as numbers of things (元 is no unit, 块 is one).
    count = _COUNT.search(_MONEY.sub("，", said))
    pieces = _number(count[1], count[2]) if count else None
    if money is None and each is not None and pieces:
        money = each * pieces
    parts = [f"{_plain(pieces)}{count[3]}"] if count and pieces else []
    if each is not None:
        parts.append(f"单价{_plain(each)}元")
    if money is not None:
        parts.append(f"{_plain(money)}元")
    if not parts or any((number or 0) > _LARGEST for number in (money, pieces, each)):
        return rejected("extent_unknown")
    value = "，".join(parts)
    return Accepted(value, value)


def amount_of(value: str) -> Decimal | None:
    """Return the amount of a stored value in yuan, None if it has none."""
    found = re.search(r"(?:^|，)([\d.]+)元$", value)
    return Decimal(found[1]) if found else None


def _money(said: str) -> tuple[Decimal | None, Decimal | None]:
    """Return the amount named and the price of one piece; of several the one named last."""
    total = each = None
    for match in _MONEY.finditer(said):
        number = _number(match[1] or match[3], match[2] or match[4])
        if _EACH.search(said[: match.start()]):
            each = number
        else:
            total = number
    return total, each


def _in_digits(match: re.Match[str]) -> str:
    before = match.string[match.start() - 1 : match.start()]
    number = None if before.isdigit() or before == "每" else parse_number(match[0])
    return match[0] if number is None else str(number)


def _number(figure: str, scale: str | None) -> Decimal:
    return Decimal(figure.replace(",", "")) * _TIMES[scale or ""]


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

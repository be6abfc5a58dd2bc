"""Chinese numerals, and article numbers as laws write them.

An article is known in data by its Arabic number; an inserted one (第二百一十九条之一) has the
number of its place after a dash: ``219-1``.
"""

from __future__ import annotations

import re

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_PLACES = ("", "十", "百", "千")

NUMERAL = "[零〇一二两三四五六七八九十百千万亿]+"
"""Pattern of a Chinese whole number."""

_ARTICLE = re.compile(rf"第({NUMERAL}|\d+)条(?:之({NUMERAL}|\d+))?")


def parse_number(text: str) -> int | None:
    """Return the whole number that Chinese or Arabic numerals write; None if they write none.

    ``十五`` is 15, ``二〇二六`` 2026, ``5万`` 50000; ``两三`` (two or three) is no number.
    """
    if text.isdecimal():
        return int(text)
    if all(char in _DIGITS for char in text):
        return _positional(text)
    match = re.fullmatch(rf"(?:(\d+)(?=[十百千万亿]))?({NUMERAL})", text)
    return _compose(match[2], int(match[1] or 0)) if match else None


def _compose(text: str, digit: int) -> int | None:
    """Read numerals with 十, 百, 千, 万, 亿; ``digit`` is what stood before them in Arabic."""
    total = section = 0
    for char in text:
        if char in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[char]
            continue
        amount, digit = digit, 0
        if char in _UNITS:
            section += (amount or 1) * _UNITS[char]
        elif char == "万":
            total, section = total + (section + amount or 1) * 10_000, 0
        else:
            total, section = (total + section + amount or 1) * 100_000_000, 0
    return total + section + digit


def _positional(text: str) -> int | None:
    """Read digit by digit (二〇二六); two bare digits (两三) are a guess, not a number."""
    if len(text) == 1:
        return _DIGITS[text]
    if len(text) < 4:
        return None
    return int("".join(str(_DIGITS[char]) for char in text))


def chinese(number: int) -> str:
    """Return a whole number below ten thousand in Chinese numerals (219 → 二百一十九)."""
    if not 0 <= number < 10_000:
        raise ValueError(f"only numbers from 0 to 9999 are written out: {number}")
    digits = str(number)
    words = ""
    for place, digit in zip(range(len(digits) - 1, -1, -1), digits, strict=True):
        if digit != "0":
            words += "零一二三四五六七八九"[int(digit)] + _PLACES[place]
        elif not words.endswith("零"):
            words += "零"
    words = words.rstrip("零") or "零"
    return words.removeprefix("一") if 10 <= number < 20 else words


def article_label(number: str) -> str:
    """Return an article number as a law writes it: ``219-1`` → 第二百一十九条之一."""
    main, _, inserted = number.partition("-")
    label = f"第{chinese(int(main))}条"
    return f"{label}之{chinese(int(inserted))}" if inserted else label


def article_number(label: str) -> str | None:
    """Return the article number that a label begins with, or None: 第二百一十九条之一 → ``219-1``."""
    match = _ARTICLE.match(label)
    if match is None:
        return None
    main, inserted = parse_number(match[1]), parse_number(match[2]) if match[2] else None
    if main is None:
        return None
    return f"{main}-{inserted}" if inserted else str(main)

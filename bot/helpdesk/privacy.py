"""Hiding personal numbers in free text, for readers who need the matter but not the person."""

from __future__ import annotations

import re
from typing import Any

# Longest first: an identity number holds digits that look like a phone number. The limits on both sides
# keep longer numbers (application numbers, accounts, ticket numbers) as they are. `\d` takes digits of full width too.
_IDENTITY = re.compile(r"(?<![\dA-Za-z])(\d{6})\d{8}(\d{3}[\dXxＸｘ])(?![\dA-Za-z])")
_COUNTRY = r"(?:[+＋]|[0０]{2})?[8８][6６][- ]?"
_MOBILE = re.compile(rf"(?<![\dA-Za-z.])((?:{_COUNTRY})?[1１][3-9３-９]\d)[ -]?\d{{4}}[ -]?(\d{{4}})(?![\dA-Za-z])")
_LANDLINE = re.compile(r"(?<![\dA-Za-z])([0０]\d{2,3}(?:[)）][- ]?|[- ]))\d{3,4}(\d{4})(?![\dA-Za-z])")
_EMAIL = re.compile(r"([A-Za-z0-9])[A-Za-z0-9._%+-]*(@[A-Za-z0-9.-]+\.[A-Za-z]{2,})", re.ASCII)


def masked_text(text: str) -> str:
    """Return the text with the middle of identity, phone numbers and mail addresses hidden.

    Names cannot be told from other words and stay.
    """
    text = _IDENTITY.sub(r"\1********\2", text)
    text = _MOBILE.sub(r"\1****\2", text)
    text = _LANDLINE.sub(r"\1****\2", text)
    return _EMAIL.sub(r"\1***\2", text)


def masked_value(value: Any) -> Any:
    """Return a JSON value with `masked_text` applied to every text in it.

    In its written form a value cannot be masked: the letters of an escape stand where a word ends.
    """
    match value:
        case str():
            return masked_text(value)
        case dict():
            return {key: masked_value(part) for key, part in value.items()}
        case list() | tuple():
            return [masked_value(part) for part in value]
    return value

"""Hiding the middle of a sensitive value, so that it can be recognised but not copied."""

from __future__ import annotations

from bot.services.fields.model import Field, FieldType


def masked(field: Field, shown: str) -> str:
    """Return the value with its middle hidden, if the field is sensitive."""
    if not field.sensitive or not shown:
        return shown
    if field.type is FieldType.EMAIL:
        name, at, host = shown.partition("@")
        return f"{name[:1]}***{at}{host}"
    if field.type is FieldType.PHONE:
        return _ends(shown, first=3 if "-" not in shown else shown.index("-") + 1, last=4)
    if field.type in (FieldType.PARTY_ID, FieldType.CREDIT_CODE):
        return _ends(shown, first=3, last=4)
    return shown[:1] + "*" * max(len(shown) - 1, 1)


def _ends(text: str, *, first: int, last: int) -> str:
    hidden = max(len(text) - first - last, 3)
    return f"{text[:first]}{'*' * hidden}{text[-last:]}"

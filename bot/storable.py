"""Which texts can be stored: both databases must take them, and every encoding."""

from __future__ import annotations


def is_storable(text: str) -> bool:
    """Tell whether a text can be stored: no NUL, which PostgreSQL refuses, and no half of a surrogate pair.

    JSON can name such a half, which no encoding can write; a browser sends it of an emoji that was cut in two.
    """
    return not any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text)

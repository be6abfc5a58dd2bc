"""The library of the real knowledge base, read once a test run: it is most of what a desk's start takes."""

from functools import cache

from bot.bootstrap import Library
from bot.settings import Settings


@cache
def real_library() -> Library:
    """Return the library that every desk of the tests shares."""
    return Library.load(Settings())

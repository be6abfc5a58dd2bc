"""Waiting for a condition, never for a length of time."""

import asyncio
import time
from collections.abc import Awaitable, Callable


async def until[T](
    look: Callable[[], Awaitable[T]], *, timeout: float = 30, what: str = "", every: float = 0.05
) -> T:
    """Return what `look` returns as soon as that is true.

    Raises:
        AssertionError: It was not within `timeout` seconds; the message holds `what` and the last look.
    """
    deadline = time.monotonic() + timeout
    while True:
        seen = await look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"not within {timeout} s: {what}; last seen: {seen!r}"
        await asyncio.sleep(every)

"""Hearing what other desk processes announce; see `notifying`."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

import psycopg
import structlog
from psycopg import AsyncConnection
from sqlalchemy.engine import make_url

from bot.store.notifying import Announcements

log = structlog.get_logger()

#: How the listening connection is called in `pg_stat_activity`.
LISTENER_NAME = "rightsdesk listener"
_RETRY_DELAYS = (0.1, 0.5, 1.0, 2.0, 5.0)
#: A server that is gone without a word is noticed after 25 seconds.
_KEEPALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}


class Listener:
    """Hears what other desk processes announce, on a connection of its own.

    Args:
        process: Name of this process; what it announced itself is passed over.
        hear: Gets what was announced elsewhere.
        look: Called when announcements may have been lost.
    """

    def __init__(
        self, url: str, process: str, *, hear: Callable[[Announcements], None], look: Callable[[], None]
    ) -> None:
        # Without the name of SQLAlchemy's driver it is an address that libpq understands.
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._process = process
        self._hear = hear
        self._look = look
        self._connection: AsyncConnection[Any] | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def is_connected(self) -> bool:
        """Tell whether it hears the others at this moment."""
        return self._connection is not None and not self._connection.closed

    async def start(self) -> None:
        """Begin to listen: what is committed after this is heard."""
        self._connection = await self._connect()
        self._listening = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """Listen no more."""
        if self._listening:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening
        if self._connection:
            await self._connection.close()

    async def _listen(self) -> None:
        while True:
            try:
                await self._follow()
            except (psycopg.Error, OSError) as error:
                log.warning("listener.lost", reason=type(error).__name__)
            self._connection = await self._connect_again()
            log.info("listener.back")
            self._look()

    async def _follow(self) -> None:
        assert self._connection is not None
        async for notification in self._connection.notifies():
            self._take(notification.payload)

    def _take(self, payload: str) -> None:
        try:
            process, *announcements = json.loads(payload)
            heard = [(str(topic), dict(content)) for topic, content in announcements]
        except (ValueError, TypeError):
            # Another version of the program, as while processes are started anew one by one.
            self._look()
            return
        if process != self._process:
            self._hear(heard)

    async def _connect(self) -> AsyncConnection[Any]:
        connection = await AsyncConnection.connect(
            self._url, autocommit=True, application_name=LISTENER_NAME, connect_timeout=10, **_KEEPALIVE
        )
        await connection.execute("LISTEN rightsdesk")
        return connection

    async def _connect_again(self) -> AsyncConnection[Any]:
        tries = 0
        while True:
            await asyncio.sleep(_RETRY_DELAYS[min(tries, len(_RETRY_DELAYS) - 1)])
            tries += 1
            with contextlib.suppress(psycopg.Error, OSError):
                return await self._connect()

"""Use cases that wait for the writer share its next transaction.

On a single store a commit costs as much as the work before it. Requests of one kind that arrive
while a transaction runs are taken together by the next; each still has its own outcome, and is told
only after the commit. If the shared transaction fails as a whole, each request is tried alone, so
that only the one that is to blame fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import HelpdeskError
from bot.store.database import Database

_UNREACHABLE = (OperationalError, InterfaceError, TimeoutError)
#: More would make writers of other kinds wait too long for their turn.
AT_MOST = 32


class GroupCommit[Request, Outcome]:
    """Collects requests and does them in shared transactions.

    Args:
        work: Does all requests in the transaction of the session; returns in their order what came
            of each, a refusal as the error itself. What it raises undoes all of them.
    """

    def __init__(
        self,
        database: Database,
        work: Callable[[AsyncSession, Sequence[Request]], Awaitable[Sequence[Outcome | HelpdeskError]]],
    ) -> None:
        self._database = database
        self._work = work
        self._waiting: list[tuple[Request, asyncio.Future[Outcome]]] = []
        self._running: asyncio.Task[None] | None = None

    async def do(self, request: Request) -> Outcome:
        """Return what came of the request once it is committed.

        A caller that is cancelled leaves its request to be done: a form may be sent twice.

        Raises:
            HelpdeskError: The request was refused; nothing of it was stored.
        """
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, done))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await done

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:AT_MOST], self._waiting[AT_MOST:]
                await self._together(batch)
                # Those just answered may ask again at once: they belong to the next batch.
                await asyncio.sleep(0)
        finally:
            self._running = None

    async def _together(self, batch: Sequence[tuple[Request, asyncio.Future[Outcome]]]) -> None:
        try:
            async with self._database.begin() as session:
                outcomes = await self._work(session, [request for request, _ in batch])
        except Exception as error:
            # A store that cannot be reached fails all alike; trying one by one would only take longer.
            if len(batch) == 1 or isinstance(error, _UNREACHABLE):
                for _, done in batch:
                    _tell(done, error)
                return
            for one in batch:
                await self._together([one])
            return
        for (_, done), outcome in zip(batch, outcomes, strict=True):
            _tell(done, outcome)


def _tell[Outcome](done: asyncio.Future[Outcome], outcome: Outcome | Exception) -> None:
    if done.done():
        return
    if isinstance(outcome, Exception):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)

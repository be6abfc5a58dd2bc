"""Client of the engine process (Rasa on its own Python).

The engine keeps nothing between turns: the dialogue state goes in with the message and comes out
with the reply. Any engine process can take any turn, and a turn that was lost can be repeated.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp


class EngineUnavailable(Exception):
    """The engine did not answer in time, or answered with an error; the turn was not taken."""


class _StateRefused(Exception):
    """The engine cannot read the dialogue state that it wrote in an earlier version."""


@dataclass(frozen=True)
class EngineTurn:
    """One message for the engine.

    Attributes:
        state: What the last turn of this conversation returned; None at the start.
        today: ISO date on which the answer must be right.
        settled: What a person settled since the last turn; see `services.handoff.settling`.
        waited_seconds: How long the citizen has waited already, as for the turns before this one.
    """

    conversation: str
    message_id: str
    text: str
    state: dict[str, Any] | None
    today: str
    failed_tries: int
    settled: dict[str, Any] | None = None
    waited_seconds: float = 0.0


@dataclass(frozen=True)
class EngineReply:
    """What the engine said, understood and must be given back next time."""

    messages: list[dict[str, Any]]
    state: dict[str, Any] | None
    nlu: dict[str, Any] = field(default_factory=dict)
    active_form: str | None = None
    requested_slot: str | None = None
    slots: dict[str, Any] = field(default_factory=dict)


class AssistantEngine(Protocol):
    """What takes a turn; the real client and the scripted one of the tests keep this contract."""

    async def take(self, turn: EngineTurn) -> EngineReply:
        """Take one turn.

        Raises:
            EngineUnavailable: No answer; the state is as it was, the turn may be repeated.
        """

    async def is_ready(self) -> bool:
        """Tell whether the engine has a model and answers."""

    async def model(self) -> str | None:
        """Return the name of the model that answers now, None if none does."""


class HttpEngine:
    """The engine over HTTP on this machine.

    Args:
        url: Base URL, for instance `http://127.0.0.1:12332`.
        token: Shared secret of desk and engine.
        timeout: Seconds for one turn.
        grace: Seconds in which a refused connection is tried again: the engine may be restarting. What the citizen
            has waited counts, so that of many who write to an engine that is gone none waits for all before them.
        action_port: Where this process answers the actions of its turns; None where it is the only one, and the
            engine knows.
    """

    def __init__(
        self, url: str, token: str, *, timeout: float, grace: float, action_port: int | None = None
    ) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._grace = grace
        self._action_port = action_port
        self._session: aiohttp.ClientSession | None = None

    async def take(self, turn: EngineTurn) -> EngineReply:
        """See `AssistantEngine.take`."""
        metadata: dict[str, Any] = {"today": turn.today, "failed_tries": turn.failed_tries}
        if turn.settled:
            metadata["settled"] = turn.settled
        body: dict[str, Any] = {
            "conversation": turn.conversation,
            "message_id": turn.message_id,
            "text": turn.text,
            "state": turn.state,
            "metadata": metadata,
        }
        if self._action_port:
            body["action_port"] = self._action_port
        deadline = asyncio.get_running_loop().time() + self._grace - turn.waited_seconds
        while True:
            try:
                return await self._post(body)
            except _StateRefused:
                # Written by another version: the dialogue starts anew rather than never again.
                body["state"] = None
            except aiohttp.ClientConnectorError as error:
                # Refused: nothing was taken, so trying again is safe.
                if asyncio.get_running_loop().time() >= deadline:
                    raise EngineUnavailable("connection refused") from error
                await asyncio.sleep(0.25)
            except (aiohttp.ClientError, TimeoutError) as error:
                raise EngineUnavailable(type(error).__name__) from error

    async def _post(self, body: dict[str, Any]) -> EngineReply:
        async with self._client().post(
            f"{self._url}/webhooks/desk/turn", json=body, headers=self._headers
        ) as response:
            if response.status == 400 and body["state"] is not None:
                error = (await response.json()).get("error")
                if error == "bad_state":
                    raise _StateRefused
            if response.status != 200:
                raise EngineUnavailable(f"status {response.status}")
            data = await response.json()
        return EngineReply(
            messages=data["messages"],
            state=data["state"],
            nlu=data.get("nlu") or {},
            active_form=data.get("active_form"),
            requested_slot=data.get("requested_slot"),
            slots=data.get("slots") or {},
        )

    async def is_ready(self) -> bool:
        """See `AssistantEngine.is_ready`."""
        return await self._health() is not None

    async def model(self) -> str | None:
        """See `AssistantEngine.model`."""
        health = await self._health()
        return health and health.get("model")

    async def _health(self) -> dict[str, Any] | None:
        try:
            async with self._client().get(
                f"{self._url}/webhooks/desk/health", headers=self._headers
            ) as response:
                return await response.json() if response.status == 200 else None
        except (aiohttp.ClientError, TimeoutError):
            return None

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        return self._session

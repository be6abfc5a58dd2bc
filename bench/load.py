"""Sending messages to a bot from several clients at once, and what is kept of it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import cycle, islice
from statistics import median, quantiles
from typing import Any, Protocol

import aiohttp

from bot.ops.client import CitizenClient

_TIMEOUT = aiohttp.ClientTimeout(total=60)
#: Messages after which a client starts a conversation anew: what a real one has.
TURNS_PER_CONVERSATION = 6


class NotAnswered(Exception):
    """A bot said something else than the answer that is measured; the message holds both."""


class Bot(Protocol):
    """What is measured; use it in `async with`."""

    name: str

    async def __aenter__(self) -> Bot: ...

    async def __aexit__(self, *error: Any) -> None: ...

    async def say(self, text: str, conversation: str | None) -> tuple[str, float]:
        """Send a message, wait for the whole reply.

        Returns:
            What continues the conversation, and the milliseconds it took.

        Raises:
            NotAnswered: The reply is not an answer.
        """


class RightsDeskBot:
    """The public HTTP interface: message stored, turn taken, reply stored, reply returned."""

    name = "RightsDesk"

    def __init__(self, url: str, operator_token: str) -> None:
        self._client = CitizenClient(url, operator_token)

    async def __aenter__(self) -> RightsDeskBot:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._client.__aexit__(None, None, None)

    async def say(self, text: str, conversation: str | None) -> tuple[str, float]:
        """See `Bot.say`; only an answer with its citations counts."""
        spoken = await self._client.say(text, session=conversation)
        turn = spoken.answer.get("turn") or {}
        if turn.get("outcome") != "answer" or not turn.get("citations"):
            raise NotAnswered(f"{text}: {turn.get('outcome')}")
        return spoken.answer["session"], spoken.latency_ms


class EngineBot:
    """The engine of RightsDesk by itself, over the interface that the desk uses: what is not the desk."""

    name = "RightsDesk engine alone"

    def __init__(self, url: str, engine_token: str) -> None:
        self._url = f"{url}/webhooks/desk/turn"
        self._headers = {"Authorization": f"Bearer {engine_token}"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> EngineBot:
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=_TIMEOUT)
        return self

    async def __aexit__(self, *error: Any) -> None:
        if self._session:
            await self._session.close()

    async def say(self, text: str, conversation: str | None) -> tuple[str, float]:
        """See `Bot.say`; the conversation is the dialogue state, as the desk keeps it."""
        assert self._session is not None, "use it in `async with`"
        turn = {
            "conversation": "web:bench", "message_id": "bench", "text": text,
            "state": json.loads(conversation) if conversation else None,
            "metadata": {"today": date.today().isoformat(), "failed_tries": 0},
        }  # fmt: skip
        started = time.perf_counter()
        async with self._session.post(self._url, json=turn) as response:
            reply = await response.json()
        took = (time.perf_counter() - started) * 1000
        if response.status != 200 or not reply["messages"]:
            raise NotAnswered(f"{text}: {response.status} {reply}")
        return json.dumps(reply["state"]), took


class StockBot:
    """The REST channel of a bot made by `rasa init`."""

    name = "rasa init"

    def __init__(self, url: str) -> None:
        self._url = f"{url}/webhooks/rest/webhook"
        self._session: aiohttp.ClientSession | None = None
        self._conversations = 0

    async def __aenter__(self) -> StockBot:
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self

    async def __aexit__(self, *error: Any) -> None:
        if self._session:
            await self._session.close()

    async def say(self, text: str, conversation: str | None) -> tuple[str, float]:
        """See `Bot.say`."""
        assert self._session is not None, "use it in `async with`"
        if conversation is None:
            self._conversations += 1
            conversation = f"bench-{self._conversations}"
        started = time.perf_counter()
        async with self._session.post(self._url, json={"sender": conversation, "message": text}) as response:
            replies = await response.json()
        took = (time.perf_counter() - started) * 1000
        if response.status != 200 or not replies:
            raise NotAnswered(f"{text}: {response.status} {replies}")
        return conversation, took


@dataclass(frozen=True)
class Case:
    """One line of the table: who is asked what by how many at once."""

    bot: str
    title: str
    clients: int


@dataclass(frozen=True)
class Round:
    """The latencies of one case in one round, in milliseconds, and how long the round took."""

    latencies: tuple[float, ...]
    seconds: float

    @property
    def median(self) -> float:
        """Return the round's own median."""
        return median(self.latencies)


async def measure(bot: Bot, texts: Sequence[str], *, clients: int, messages: int) -> Round:
    """Let so many clients send so many messages each, every client one after the other."""
    started = time.perf_counter()
    everything = await asyncio.gather(
        *(_talk(bot, islice(cycle(texts), at, at + messages)) for at in range(clients))
    )
    seconds = time.perf_counter() - started
    return Round(tuple(took for one in everything for took in one), seconds)


async def _talk(bot: Bot, texts: Iterator[str]) -> list[float]:
    conversation, latencies = None, []
    for number, text in enumerate(texts):
        if number % TURNS_PER_CONVERSATION == 0:
            conversation = None
        conversation, took = await bot.say(text, conversation)
        latencies.append(took)
    return latencies


async def answered_of(bot: Bot, texts: Sequence[str]) -> list[str]:
    """Return the texts that the bot answers; asks each twice, so that everything is warm."""
    answered = []
    for text in texts:
        try:
            await bot.say(text, None)
            await bot.say(text, None)
        except NotAnswered:
            continue
        answered.append(text)
    return answered


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return quantiles(values, n=20, method="inclusive")[-1]

"""A client of a running system, as a citizen on the web channel with the operator's token."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Any, Self

import aiohttp

_TIMEOUT = aiohttp.ClientTimeout(total=60)


class Unreachable(Exception):
    """The system did not answer, or refused; the message says what."""


@dataclass(frozen=True)
class Spoken:
    """One answer with how long it took, in milliseconds."""

    answer: dict[str, Any]
    latency_ms: float


class CitizenClient:
    """Talks to one installation; use it in `async with`.

    Args:
        operator_token: Adds the analysis of the turn, lifts the rate limits, allows `on`.
    """

    def __init__(self, url: str, operator_token: str) -> None:
        self.url = url
        self._headers = {"X-Operator-Token": operator_token}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=_TIMEOUT)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    async def say(self, text: str, *, session: str | None = None, on: date | None = None) -> Spoken:
        """Send one message and wait for its reply; without a session in a new conversation.

        Raises:
            Unreachable: No answer, or an error; the message holds its words.
        """
        assert self._session is not None, "use it in `async with`"
        body: dict[str, Any] = {"text": text}
        if session:
            body["session"] = session
        if on:
            body["on"] = on.isoformat()
        started = time.perf_counter()
        try:
            async with self._session.post(f"{self.url}/api/v1/chat/messages", json=body) as response:
                answer = await response.json()
                if response.status != 200:
                    raise Unreachable(answer.get("error", {}).get("message", str(response.status)))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unreachable(str(error) or type(error).__name__) from error
        return Spoken(answer, (time.perf_counter() - started) * 1000)


def result_line(text: str, spoken: Spoken) -> dict[str, Any]:
    """Return one result line of `eval`; see DESIGN, section 6."""
    turn = spoken.answer.get("turn") or {}
    reply = turn.get("reply") or "\n".join(m["text"] for m in spoken.answer["messages"])
    return {
        "text": text,
        "intent": turn.get("intent"),
        "confidence": turn.get("confidence"),
        "topic": turn.get("topic"),
        "right": turn.get("right"),
        "outcome": turn.get("outcome"),
        "article_id": turn.get("article_id"),
        "citations": turn.get("citations") or [],
        "reply": reply,
        "latency_ms": round(spoken.latency_ms, 1),
    }


def ask_line(text: str, spoken: Spoken) -> dict[str, Any]:
    """Return what `ask --json` prints: a result line, and where the conversation stands."""
    turn = spoken.answer.get("turn") or {}
    return result_line(text, spoken) | {
        "conversation": spoken.answer["session"],
        "handled_by": spoken.answer["handled_by"],
        "ticket": turn.get("ticket"),
        "requested_slot": turn.get("requested_slot"),
        "messages": spoken.answer["messages"],
    }

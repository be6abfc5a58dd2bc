"""Many live sockets at once: how long a message takes from one side to the other."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from bench.peers.measuring import Figures, Sizes, p
from bench.peers.systems import System

_MESSAGES = 200
#: 500 agents who each write every twenty-five seconds.
_PER_SECOND = 20


def measure(system: System, sizes: Sizes, database: str, figures: Figures) -> None:
    """Connect half as many agents and half as many citizens, and let them write to each other."""
    made = system.side.ask("talking", count=sizes.sockets // 2)
    for side, took in asyncio.run(_talk(system.extra["base"], made)).items():
        for share in (50, 95):
            what = f"{sizes.sockets:,} sockets, {side}, p{share}, ms"
            figures.add(what, database, system.name, p(took, share) * 1000)


async def _talk(base: str, made: dict[str, Any]) -> dict[str, list[float]]:
    arrived: dict[str, asyncio.Future[float]] = {}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as client:
        staff = {"Cookie": made["cookie"], "Origin": base}
        pairs = list(zip(made["ids"], made["tokens"], strict=True))
        readers: list[asyncio.Task[None]] = []
        for conversation, token in pairs:
            console = await client.ws_connect(f"{base}/api/v1/staff/ws", headers=staff)
            await console.send_json({"type": "watch", "conversation": conversation, "after": 0})
            citizen = await client.ws_connect(f"{base}/api/v1/chat/ws", headers=_from_home(base, len(readers)))
            await citizen.send_json({"type": "auth", "session": token, "after": 0})
            readers += [asyncio.create_task(_read(socket, arrived)) for socket in (console, citizen)]
        # Nobody comes to five hundred conversations in the same second.
        await asyncio.sleep(10)

        async def from_citizen(number: int, text: str) -> None:
            body = {"session": pairs[number % len(pairs)][1], "text": text, "wait": 0}
            async with client.post(f"{base}/api/v1/chat/messages", json=body) as answer:
                assert answer.status == 200, await answer.text()

        async def from_agent(number: int, text: str) -> None:
            url = f"{base}/api/v1/staff/conversations/{pairs[number % len(pairs)][0]}/replies"
            body = {"text": text, "client_id": text}
            headers = staff | {"X-CSRF-Token": made["csrf"]}
            async with client.post(url, json=body, headers=headers) as answer:
                assert answer.status == 201, await answer.text()

        took = {
            "citizen to agent": await _measured(from_citizen, "c", arrived),
            "agent to citizen": await _measured(from_agent, "a", arrived),
        }
        for reader in readers:
            reader.cancel()
        return took


def _from_home(base: str, number: int) -> dict[str, str]:
    """Return the headers of a citizen behind the desk's proxy: each has an address, and so limits, of their own."""
    return {"Origin": base, "X-Forwarded-For": f"10.1.{number // 250}.{number % 250 + 1}"}


async def _measured(
    send: Callable[[int, str], Awaitable[None]], mark: str, arrived: dict[str, asyncio.Future[float]]
) -> list[float]:
    """Send at an even rate, whatever the answers take; return from the request to the arrival."""

    async def one(number: int) -> float:
        text = f"{mark}{number}"
        arrived[text] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        await send(number, text)
        return await asyncio.wait_for(arrived[text], 30) - began

    running = []
    for number in range(_MESSAGES):
        running.append(asyncio.create_task(one(number)))
        await asyncio.sleep(1 / _PER_SECOND)
    return list(await asyncio.gather(*running))


async def _read(socket: aiohttp.ClientWebSocketResponse, arrived: dict[str, asyncio.Future[float]]) -> None:
    async for frame in socket:
        at = time.perf_counter()
        said = json.loads(frame.data)
        is_agent = said.get("type") == "messages"
        for message in said.get("messages", []) if is_agent else [said.get("message") or {}]:
            text = message.get("text", "")
            # Each side hears its own messages too; what counts is the other's.
            future = arrived.get(text)
            if future and not future.done() and text.startswith("c" if is_agent else "a"):
                future.set_result(at)

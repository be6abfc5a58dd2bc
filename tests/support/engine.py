"""An engine that says what the test wrote down, under the same contract as the HTTP one."""

import asyncio
from collections.abc import Callable
from typing import Any

from bot.assistant.engine import EngineReply, EngineTurn, EngineUnavailable

Script = Callable[[EngineTurn], EngineReply]


def says(text: str, *, intent: str = "greet", **custom: Any) -> EngineReply:
    """Build a reply of one message."""
    return EngineReply(
        messages=[{"text": text, "buttons": [], "custom": custom or None}],
        state={"turns": 1},
        nlu={"intent": intent, "confidence": 1.0, "articles": []},
    )


class ScriptedEngine:
    """Echoes, unless a script says otherwise; remembers the turns it took."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or (lambda turn: says(f"收到：{turn.text}"))
        self.turns: list[EngineTurn] = []
        self.is_down = False
        self.gate: asyncio.Event | None = None

    async def take(self, turn: EngineTurn) -> EngineReply:
        if self.is_down:
            raise EngineUnavailable("scripted")
        self.turns.append(turn)
        if self.gate:
            await self.gate.wait()
        return self.script(turn)

    async def is_ready(self) -> bool:
        return not self.is_down

    async def model(self) -> str | None:
        return None if self.is_down else "20261120-093000.tar.gz"

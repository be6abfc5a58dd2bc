"""What a person settled, for the bot to go on from.

While a person has the conversation the bot sees none of it. What it must know afterwards goes into the
dialogue state under a key of its own: the assistant hands it to the engine with the next turn, and the
state which that turn returns replaces it. So it is told once, and told again if that turn fails.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.handoff.history import Exchange, last_exchanges
from bot.store.tables import Agent, Conversation, Handoff, Message

SETTLED = "settled"
#: Shorter than this nothing was asked: 好的, 在吗, 谢谢.
_QUESTION_MIN_CHARS = 5
_LOOKED_AT = 30
_NOTHING = (None, "none", "handoff", "chitchat")


async def keep_what_was_settled(
    session: AsyncSession,
    conversation: Conversation,
    handoff: Handoff | None,
    *,
    note: str,
    now: datetime,
) -> None:
    """Note in the dialogue state what the episode was about, before its owner changes.

    The article that the agent answered with says it best; without one, what the citizen asked last, under
    the topic and right that were understood last.
    """
    since = handoff.requested_at if handoff else now
    agent = await session.get(Agent, conversation.agent_id) if conversation.agent_id else None
    settled: dict[str, Any] = {"at": now.isoformat(), "by": agent.name if agent else "", "note": note}
    exchanges = await last_exchanges(session, conversation.id, limit=_LOOKED_AT)
    settled |= {"question": _question(exchanges), **_labels(exchanges)}
    settled |= await _article(session, conversation.id, since)
    conversation.dialogue_state = {**(conversation.dialogue_state or {}), SETTLED: settled}


def split_settled(
    state: dict[str, Any] | None,
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the engine's own state, and what was settled since it was written."""
    if not state or SETTLED not in state:
        return state, None
    own = {name: value for name, value in state.items() if name != SETTLED}
    return own or None, state[SETTLED]


async def _article(session: AsyncSession, conversation_id: str, since: datetime) -> dict[str, str]:
    bodies = await session.scalars(
        select(Message.body)
        .where(
            Message.conversation_id == conversation_id,
            Message.author == "agent",
            Message.created_at >= since,
        )
        .order_by(Message.id.desc())
        .limit(_LOOKED_AT)
    )
    about = next((body["about"] for body in bodies if body.get("about")), None)
    return dict(about) if about else {}


def _labels(exchanges: list[Exchange]) -> dict[str, str]:
    for exchange in reversed(exchanges):
        analysis = (exchange.inbound.analysis if exchange.inbound else None) or {}
        if analysis.get("topic") not in _NOTHING:
            return {name: analysis[name] for name in ("topic", "right") if analysis.get(name)}
    return {}


def _question(exchanges: list[Exchange]) -> str:
    texts = (exchange.message.text for exchange in reversed(exchanges))
    return next((text for text in texts if len(text) >= _QUESTION_MIN_CHARS), "")

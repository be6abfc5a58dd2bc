"""What agents have typed and not sent yet: kept here, it survives reload, crash and log-out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest
from bot.store.tables import Agent, Draft

KINDS = ("ticket.reply", "ticket.note", "conversation.reply", "conversation.note")
TEXT_MAX_CHARS = 4000


async def keep(
    session: AsyncSession, agent: Agent, kind: str, subject_id: str, *, text: str, now: datetime
) -> None:
    """Keep the words in place of those kept before; none at all forget the draft.

    Raises:
        BadRequest: There is no such kind of draft, or it is too long.
    """
    if kind not in KINDS or not 0 < len(subject_id) <= 80:
        raise BadRequest(field="kind")
    if len(text) > TEXT_MAX_CHARS:
        raise BadRequest(field="text")
    if not text.strip():
        await drop(session, agent, kind, subject_id)
        return
    # One statement: two tabs may keep the first words of a draft at the same moment.
    insert = (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(Draft)
    key = {"agent_id": agent.id, "subject_kind": kind, "subject_id": subject_id}
    kept = {"text": text, "updated_at": now}
    await session.execute(insert.values(key | kept).on_conflict_do_update(index_elements=[*key], set_=kept))


async def drop(session: AsyncSession, agent: Agent, kind: str, subject_id: str) -> None:
    """Forget a draft: it was sent, or emptied."""
    await session.execute(
        delete(Draft).where(
            Draft.agent_id == agent.id, Draft.subject_kind == kind, Draft.subject_id == subject_id
        )
    )


async def drafts_of(session: AsyncSession, agent: Agent, subject: str, subject_id: str) -> dict[str, str]:
    """Return the agent's drafts on a subject, by what they would become.

    Args:
        subject: `ticket` or `conversation`.
    Returns:
        `reply` and `note` → words; those that there are.
    """
    rows = await session.execute(
        select(Draft.subject_kind, Draft.text).where(
            Draft.agent_id == agent.id, Draft.subject_id == subject_id, Draft.subject_kind.startswith(f"{subject}.")
        )
    )
    return {kind.partition(".")[2]: text for kind, text in rows}

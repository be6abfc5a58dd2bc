"""Giving a conversation to another person or queue, and a supervisor who takes over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.conversation import WAITING, Owner
from bot.helpdesk.errors import AgentNotPresent, BadRequest, ColleagueElsewhere, NotWaiting
from bot.helpdesk.permissions import Permission
from bot.helpdesk.presence import Presence
from bot.helpdesk.routing import skills_after_move
from bot.services.conversations import announce_message, locked, next_visible
from bot.services.handoff.capacity import take_a_place
from bot.services.handoff.episodes import current_handoff, give, own
from bot.services.handoff.nudging import back_to_queue
from bot.services.handoff.presence import on_floor
from bot.services.handoff.recording import notify
from bot.services.handoff.saying import say, wait_values
from bot.services.handoff.sorting import wanted
from bot.services.office import Office
from bot.services.waiting import place_in_queue
from bot.store.tables import Agent, Conversation

NOTE_MAX_CHARS = 1000


async def transfer_to_agent(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    conversation_id: str,
    *,
    to_agent_id: str,
    note: str,
    now: datetime,
) -> None:
    """Give one's conversation to a colleague, who has it at once.

    It need not be accepted: whoever gets it is present and has a place free, and what they do not answer
    goes back to the head of the queue. Skills are for the giver to weigh (see `services.colleagues`); the region is not.

    Args:
        note: For the colleague; the citizen never sees it. May be empty.

    Raises:
        NotYourConversation: See `own`.
        BadRequest: There is no such colleague who answers citizens, or the note is too long.
        ColleagueElsewhere: The matter lies outside the colleague's regions.
        AgentNotPresent, AtCapacity: The colleague is not there, or has enough to do.
    """
    conversation = await own(session, agent, conversation_id)
    target = await session.get(Agent, to_agent_id)
    if target is None or not target.is_active or target.id == agent.id:
        raise BadRequest(field="to_agent_id")
    found = on_floor(target, 0, office.handoff, now)
    if not found.may(Permission.HANDLE_CONVERSATIONS):
        raise BadRequest(field="to_agent_id")
    matter = await wanted(session, conversation, await current_handoff(session, conversation_id))
    if not found.colleague.may_see(matter):
        raise ColleagueElsewhere(agent_name=target.name)
    if found.presence is not Presence.ONLINE:
        raise AgentNotPresent(agent_name=target.name)
    target = await take_a_place(session, to_agent_id)
    await _leave_note(session, conversation, agent, note, now)
    handoff = await give(
        session, conversation, target, "transferred", actor=agent.id, now=now, previous=agent.id
    )
    if handoff:
        handoff.previous_agent_id = agent.id
    notify(session, target.id, "transferred", conversation, by=agent.name)
    await say(session, office, conversation, "handoff.transferred", now=now, agent=target.name)


async def transfer_to_queue(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    conversation_id: str,
    *,
    queue: str,
    note: str,
    now: datetime,
) -> None:
    """Give one's conversation to a queue, before all those who have had nobody yet.

    Raises:
        NotYourConversation: See `own`.
        BadRequest: There is no such queue, or the note is too long.
    """
    conversation = await own(session, agent, conversation_id)
    if queue not in office.routing.queues:
        raise BadRequest(field="to_queue")
    await _leave_note(session, conversation, agent, note, now)
    old, conversation.queue = conversation.queue, queue
    handoff = await back_to_queue(
        session, office, conversation, "moved", actor=agent.id, now=now, old=old, new=queue
    )
    if handoff:
        handoff.transferred_from = old
        handoff.skills = sorted(skills_after_move(handoff.skills, queue, office.routing))
    title = office.texts(f"queues.{queue}")
    if office.calendar.is_open(now):
        place = await place_in_queue(session, office.handoff, conversation, now=now)
        values = await wait_values(session, office, conversation, place, now)
        await say(session, office, conversation, "handoff.moved", now=now, queue=title, **values)
    else:
        when = office.moment(office.calendar.next_opening(now))
        await say(session, office, conversation, "handoff.moved_closed", now=now, queue=title, when=when)


async def take_over(
    session: AsyncSession, office: Office, supervisor: Agent, conversation_id: str, *, now: datetime
) -> None:
    """Take a conversation that waits or that an agent has; the agent is told.

    A supervisor's limit does not count here: whoever takes over knows why.

    Raises:
        NotWaiting: The bot has the conversation.
    """
    conversation = await locked(session, conversation_id)
    if conversation.owner not in (*WAITING, Owner.HUMAN):
        raise NotWaiting
    former = conversation.agent_id
    if former == supervisor.id:
        return
    handoff = await give(
        session, conversation, supervisor, "taken_over", actor=supervisor.id, now=now, previous=former
    )
    if former:
        notify(session, former, "taken_over", conversation, by=supervisor.name)
        if handoff:
            handoff.previous_agent_id = former
    key = "handoff.taken_over" if former else "handoff.claimed"
    await say(session, office, conversation, key, now=now, agent=supervisor.name)


async def _leave_note(
    session: AsyncSession, conversation: Conversation, agent: Agent, note: str, now: datetime
) -> None:
    note = note.strip()
    if len(note) > NOTE_MAX_CHARS:
        raise BadRequest(field="note")
    if note:
        message = next_visible(conversation, "note", note, now=now, agent_id=agent.id)
        session.add(message)
        await session.flush()
        announce_message(session, conversation)

"""Forms that are not finished: kept turn by turn, put aside with number and code, taken up elsewhere.

A draft is filled in by one conversation at a time. Taking it up moves it there; the conversation it
came from forgets the form, so that one matter is not registered twice. Rows are locked in this order: the
conversation, the draft, the ticket.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest, DraftNotFound
from bot.helpdesk.identifiers import DRAFT_PREFIX, SERIAL_LIMIT, make_ticket_number, parse_draft_number
from bot.services.conversations import add_outgoing, locked
from bot.services.office import Office
from bot.services.outbox import deliver_from
from bot.store.tables import Conversation, FormDraft, Ticket

_NUMBER_TRIES = 5


@dataclass(frozen=True)
class FormProgress:
    """How far a form is filled in.

    Attributes:
        form: Id of the form.
        answers: Field name → value; `""` for a skipped question.
        asked: Field asked now, `confirm` at the summary.
        draft: Number of the draft that the conversation took up, None if the form began in it.
    """

    form: str
    answers: Mapping[str, str]
    asked: str | None = None
    draft: str | None = None


@dataclass(frozen=True)
class DraftView:
    """A draft as its citizen may see it.

    Attributes:
        ticket_number: Of the ticket that it became; the draft then holds no answers any more.
    """

    number: str
    code: str
    form: str
    updated_at: datetime
    expires_at: datetime
    answers: Mapping[str, str] = field(default_factory=dict)
    ticket_number: str | None = None
    ticket_kind: str | None = None


async def keep(
    session: AsyncSession, office: Office, conversation: Conversation, progress: FormProgress, *, now: datetime
) -> FormDraft | None:
    """Write down how far the form is; the caller holds the conversation's row.

    Returns:
        The draft; None if nothing was answered yet, or if it has been taken up elsewhere since.
    """
    if not progress.answers:
        return None
    draft = await being_filled(session, conversation.id, progress.draft)
    if progress.draft and draft is None:
        return None
    if draft is not None and draft.form != progress.form:
        await _put_aside(session, draft)
        draft = None
    if draft is None:
        draft = await _insert(session, office, conversation.id, progress, now)
    answers = dict(progress.answers)
    if (draft.answers, draft.asked) != (answers, progress.asked):
        draft.answers, draft.asked = answers, progress.asked
        draft.updated_at, draft.expires_at = now, now + office.draft_lifetime
    return draft


async def save(
    session: AsyncSession, office: Office, conversation_id: str, progress: FormProgress, *, now: datetime
) -> DraftView | None:
    """Put the form aside; the same request after a crash finds what the first one saved.

    Returns:
        None if there is nothing to save.
    """
    conversation = await locked(session, conversation_id)
    draft = await _saved_before(session, conversation_id, progress)
    draft = draft or await keep(session, office, conversation, progress, now=now)
    if draft is None:
        return None
    draft.conversation_id, draft.saved_in = None, conversation_id
    return _view(office, draft)


async def look(session: AsyncSession, office: Office, number: str, code: str, *, now: datetime) -> DraftView:
    """Return a draft to whoever knows number and code.

    Raises:
        DraftNotFound: Wrong number or code, or it has expired; which of them is not told.
    """
    draft = await _by_code(session, office, number, code, now)
    ticket = await session.get(Ticket, draft.ticket_id) if draft.ticket_id else None
    return _view(office, draft, ticket)


async def take_up(
    session: AsyncSession, office: Office, number: str, code: str, *, conversation_id: str, now: datetime
) -> DraftView:
    """Go on with a draft in this conversation; the one it came from forgets the form and is told.

    A draft that has become a ticket is returned with that ticket's number and nothing is changed.

    Raises:
        DraftNotFound: Wrong number or code, or it has expired; which of them is not told.
        BadRequest: Two conversations take it up at this moment; the citizen tries again.
    """
    seen = await _by_code(session, office, number, code, now)
    left = seen.conversation_id
    rows = {i: await locked(session, i) for i in sorted({conversation_id, left or conversation_id})}
    draft = await _locked(session, seen.number)
    if draft is None:
        raise DraftNotFound
    if draft.ticket_id is not None:
        return _view(office, draft, await session.get(Ticket, draft.ticket_id))
    if draft.conversation_id not in (left, conversation_id):
        raise BadRequest(field="draft")
    other = await being_filled(session, conversation_id, None)
    if other is not None and other.number != draft.number:
        await _put_aside(session, other)
    if draft.conversation_id not in (None, conversation_id):
        await _forget(session, office, rows[draft.conversation_id], now)
    draft.conversation_id, draft.expires_at = conversation_id, now + office.draft_lifetime
    await session.flush()
    return _view(office, draft)


async def drop(session: AsyncSession, conversation: Conversation) -> None:
    """Delete what the conversation was filling in: what was cancelled is not kept."""
    await session.execute(delete(FormDraft).where(FormDraft.conversation_id == conversation.id))


async def being_filled(
    session: AsyncSession, conversation_id: str, number: str | None
) -> FormDraft | None:
    """Return the draft that this conversation fills in, locked; the caller holds the conversation.

    Args:
        number: Of the draft that the dialogue took up; None if its form began here.
    """
    query = select(FormDraft).where(FormDraft.conversation_id == conversation_id, FormDraft.ticket_id.is_(None))
    if number:
        query = query.where(FormDraft.number == number)
    return await session.scalar(query.with_for_update().execution_options(populate_existing=True))


async def of_form(
    session: AsyncSession, conversation_id: str, number: str | None
) -> FormDraft | None:
    """Return the draft from which a form is sent, locked: also one that became a ticket in another conversation."""
    return await (_locked(session, number) if number else being_filled(session, conversation_id, None))


def settle(draft: FormDraft, ticket_id: str) -> None:
    """Note that the draft has become a ticket, which holds the answers from now on."""
    draft.ticket_id, draft.answers, draft.asked, draft.conversation_id = ticket_id, {}, None, None


async def delete_expired(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """Delete drafts whose time is over, at most so many; returns how many there were."""
    due = select(FormDraft.number).where(FormDraft.expires_at <= now).order_by(FormDraft.expires_at).limit(limit)
    numbers = list(await session.scalars(due.with_for_update(skip_locked=True)))
    if numbers:
        await session.execute(delete(FormDraft).where(FormDraft.number.in_(numbers)))
    return len(numbers)


async def _by_code(
    session: AsyncSession, office: Office, number: str, code: str, now: datetime
) -> FormDraft:
    parsed = parse_draft_number(number) or ""
    draft = await session.scalar(select(FormDraft).where(FormDraft.number == parsed))
    # The code is computed in both cases, so that the answer takes the same time.
    matches = office.signer.matches_code(parsed, code)
    if draft is None or not matches or draft.expires_at <= now:
        raise DraftNotFound
    return draft


async def _locked(session: AsyncSession, number: str) -> FormDraft | None:
    return await session.get(FormDraft, number, with_for_update=True, populate_existing=True)


async def _saved_before(
    session: AsyncSession, conversation_id: str, progress: FormProgress
) -> FormDraft | None:
    rows = await session.scalars(
        select(FormDraft)
        .where(FormDraft.saved_in == conversation_id, FormDraft.conversation_id.is_(None))
        .order_by(FormDraft.updated_at.desc())
        .limit(1)
    )
    draft = rows.first()
    same = draft is not None and (draft.form, draft.answers) == (progress.form, dict(progress.answers))
    return draft if same and draft is not None and draft.ticket_id is None else None


async def _insert(
    session: AsyncSession, office: Office, conversation_id: str, progress: FormProgress, now: datetime
) -> FormDraft:
    """Insert a draft; a number that is taken is drawn again."""
    day = now.astimezone(office.calendar.zone).date()
    for attempt in range(1, _NUMBER_TRIES + 1):
        draft = FormDraft(
            number=make_ticket_number(DRAFT_PREFIX, day, secrets.randbelow(SERIAL_LIMIT)),
            form=progress.form,
            answers=dict(progress.answers),
            asked=progress.asked,
            conversation_id=conversation_id,
            created_at=now,
            updated_at=now,
            expires_at=now + office.draft_lifetime,
        )
        try:
            async with session.begin_nested():
                session.add(draft)
                await session.flush()
        except IntegrityError:
            if attempt == _NUMBER_TRIES:
                raise
        else:
            return draft
    raise AssertionError("unreachable")


async def _put_aside(session: AsyncSession, draft: FormDraft) -> None:
    """Free the conversation for another form; whoever has the code may still take this one up."""
    draft.conversation_id = None
    await session.flush()


async def _forget(session: AsyncSession, office: Office, conversation: Conversation, now: datetime) -> None:
    """Take the form out of a conversation: its dialogue starts anew, and its citizen is told why."""
    conversation.dialogue_state = None
    add_outgoing(session, conversation, "system", office.texts("drafts.moved"), now=now, epoch=None)
    await session.flush()
    await deliver_from(session, conversation, now=now)


def _view(office: Office, draft: FormDraft, ticket: Ticket | None = None) -> DraftView:
    return DraftView(
        number=draft.number,
        code=office.signer.query_code(draft.number),
        form=draft.form,
        updated_at=draft.updated_at,
        expires_at=draft.expires_at,
        answers=draft.answers,
        ticket_number=ticket.number if ticket else None,
        ticket_kind=ticket.kind if ticket else None,
    )

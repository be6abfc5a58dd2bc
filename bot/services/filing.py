"""Forms that come whole, as from a web page or another system: checked, routed, opened, confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import FormInvalid, HelpdeskError
from bot.helpdesk.identifiers import format_code
from bot.services.conversations import add_outgoing, announce_message, locked_all, next_visible
from bot.services.forms import Accepted, Form, FormCatalogue
from bot.services.intake import Prepared, prepare, send_on_its_way
from bot.services.office import Office
from bot.services.opening import OpenedTicket, open_tickets
from bot.services.outbox import PULL_CHANNELS, deliver_from
from bot.store.bulk import Row, insert_rows
from bot.store.tables import Conversation, Message, Outbox

# Built once: to build a statement takes longer than to run it.
_WITH_PENDING = (
    select(Outbox.conversation_id)
    .where(Outbox.conversation_id.in_(bindparam("conversations", expanding=True)), Outbox.status == "pending")
    .distinct()
)


@dataclass(frozen=True)
class Filing:
    """A form that was checked and routed: all that needs no database."""

    conversation_id: str
    prepared: Prepared


def check_form(
    forms: FormCatalogue, office: Office, form: Form, values: Mapping[str, str], *, today: date
) -> dict[str, str]:
    """Return the answers in their normal form, only those that are due.

    Args:
        values: Field name → what was written; one left out or empty was skipped.

    Raises:
        FormInvalid: `details["fields"]` says in words for each wrong or missing answer why, and for each
            name that is no field of this form: what nobody reads must not look as if it had arrived.
    """
    taken: dict[str, str] = {}
    problems = {name: office.texts("forms.no_such_field") for name in values if form.field(name) is None}
    for field in form.fields:
        # Conditions look back only, so what is due is known when its turn comes.
        if not all(condition.holds(taken.get(condition.field)) for condition in field.only_if):
            continue
        outcome = forms.validate(field, values.get(field.name, ""), today=today, values=taken)
        if isinstance(outcome, Accepted):
            taken[field.name] = outcome.value
        else:
            problems[field.name] = office.texts(f"rejections.{outcome.code}", **outcome.details)
    if problems:
        raise FormInvalid(fields=problems)
    return taken


def subject_of(forms: FormCatalogue, office: Office, form: Form, facts: Mapping[str, str]) -> str:
    """Return the one line by which lists show the matter."""
    named = ((form.field(name), facts.get(name)) for name in ("right", "act"))
    right, act = (forms.show(field, value) if field and value else "" for field, value in named)
    if act:
        return office.texts("tickets.subject_detail", form=form.title, right=right, detail=act)
    return office.texts("tickets.subject", form=form.title, right=right)


def filing_of(
    forms: FormCatalogue, office: Office, conversation_id: str, form: Form, facts: dict[str, str]
) -> Filing:
    """Route a checked form as the dialogue's forms are routed.

    Args:
        facts: See `check_form`.
    """
    prepared = prepare(
        office, forms, form, facts,
        subject=subject_of(forms, office, form, facts),
        channel=conversation_id.partition(":")[0], conversation_id=conversation_id,
    )  # fmt: skip
    return Filing(conversation_id, prepared)


async def file_forms(
    session: AsyncSession, office: Office, filings: Sequence[Filing], *, now: datetime
) -> list[OpenedTicket | HelpdeskError]:
    """Open a ticket for each form, and confirm it in the citizen's conversation in the same commit.

    The number of statements does not depend on the number of filings, but for those that go on to
    another centre by themselves: each of these is a transfer of its own, told after its confirmation.
    The same form sent again finds its ticket and is not confirmed a second time.

    Returns:
        For each filing its ticket, or why there is none; see `open_tickets`.
    """
    conversations = await locked_all(session, {filing.conversation_id for filing in filings})
    drafts = [filing.prepared.draft for filing in filings]
    outcomes = await open_tickets(session, office, drafts, now=now, locked=conversations)
    opened = [
        (conversations[filing.conversation_id], outcome)
        for filing, outcome in zip(filings, outcomes, strict=True)
        if isinstance(outcome, OpenedTicket) and outcome.created
    ]
    await _confirm(session, office, opened, now)
    return [
        await send_on_its_way(session, office, filing.prepared, outcome, now=now)
        if isinstance(outcome, OpenedTicket)
        else outcome
        for filing, outcome in zip(filings, outcomes, strict=True)
    ]


async def _confirm(
    session: AsyncSession, office: Office, opened: Sequence[tuple[Conversation, OpenedTicket]], now: datetime
) -> None:
    """Record the confirmations in the outbox; where nothing waits before them they are sent at once."""
    behind = await _with_something_waiting(session, {conversation.id for conversation, _ in opened})
    sent: list[tuple[Conversation, Message]] = []
    for conversation, ticket in opened:
        text, body = _words(office, ticket)
        if conversation.channel in PULL_CHANNELS and conversation.id not in behind:
            sent.append((conversation, next_visible(conversation, "system", text, now=now, body=body)))
        else:
            add_outgoing(session, conversation, "system", text, now=now, epoch=None, body=body)
    await insert_rows(session, [message for _, message in sent], with_ids=True)
    await insert_rows(session, [_sent(conversation, message, now) for conversation, message in sent])
    for conversation, _ in sent:
        announce_message(session, conversation)
    for conversation in dict.fromkeys(conversation for conversation, _ in opened):
        if conversation.id in behind and conversation.channel in PULL_CHANNELS:
            await deliver_from(session, conversation, now=now)


async def _with_something_waiting(session: AsyncSession, conversation_ids: set[str]) -> set[str]:
    return set(await session.scalars(_WITH_PENDING, {"conversations": list(conversation_ids)}))


def _words(office: Office, opened: OpenedTicket) -> tuple[str, dict[str, object]]:
    number, code = opened.ticket.number, format_code(opened.code)
    card = {"number": number, "code": code, "kind": opened.ticket.kind}
    return office.texts("tickets.filed", number=number, code=code), {"ticket": card}


def _sent(conversation: Conversation, message: Message, now: datetime) -> Row:
    values = {
        "message_id": message.id,
        "conversation_id": conversation.id,
        "channel": conversation.channel,
        "epoch": None,
        "status": "sent",
        "attempts": 1,
        "next_attempt_at": now,
        "settled_at": now,
    }
    return Row(Outbox, values)

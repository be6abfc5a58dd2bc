"""What services return, as the staff API and the pages show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from bot.console.words import Words
from bot.helpdesk.conversation import WAITING
from bot.helpdesk.sla import PolicyMissing
from bot.services.handoff import ConversationCard
from bot.services.sla import ClockExplanation, ClockView, SlaBook
from bot.services.ticket_cards import TicketCard
from bot.services.views import ConversationStatus

_TAIL = 6
_STANDING = ("met", "cancelled")


class Clock(NamedTuple):
    """An SLA clock as an element that counts down.

    Attributes:
        name: Name of the clock, key of its words.
        unit: Unit of its target, empty if not known; decides how the rest is worded.
        is_stopped: It counts no more: what is shown is the outcome, not the rest.
    """

    name: str
    due_at: datetime
    warn_at: datetime
    state: str
    unit: str
    provisional: bool
    is_stopped: bool

    def level(self, now: datetime) -> str:
        """Return the colour key: ok, warn, breached, or a state in which nothing counts."""
        if self.state in ("paused", *_STANDING):
            return self.state
        if self.state == "breached" or now >= self.due_at:
            return "breached"
        return "warn" if now >= self.warn_at else "ok"

    def to_json(self) -> dict[str, Any]:
        """Return the clock for the scripts."""
        return {
            "name": self.name,
            "due_at": self.due_at.isoformat(),
            "warn_at": self.warn_at.isoformat(),
            "state": self.state,
            "unit": self.unit,
            "provisional": self.provisional,
            "stopped": self.is_stopped,
        }


def unit_of(book: SlaBook, applies_to: str, clock: str, started_at: datetime) -> str:
    """Return the unit in which a promise is counted, empty if no policy holds it."""
    try:
        target = book.current(applies_to, started_at).clocks.get(clock)
    except PolicyMissing:
        return ""
    return target.unit.value if target else ""


def handoff_clock(card: ConversationCard, book: SlaBook) -> Clock | None:
    """Return the first-response clock of a conversation.

    Once a person has the conversation, a breached clock may have been stopped by a late reply,
    so it shows its outcome instead of counting on.
    """
    if card.due_at is None or card.warn_at is None or card.clock_state in (None, *_STANDING):
        return None
    return Clock(
        name="first_response",
        due_at=card.due_at,
        warn_at=card.warn_at,
        state=str(card.clock_state),
        unit=unit_of(book, "handoff", "first_response", card.waiting_since or card.due_at),
        provisional=False,
        is_stopped=card.owner == "human" and card.clock_state == "breached",
    )


def ticket_clock(card: TicketCard, book: SlaBook) -> Clock | None:
    """Return the clock of a ticket that is due first."""
    if card.clock is None or card.due_at is None or card.warn_at is None:
        return None
    return Clock(
        name=card.clock,
        due_at=card.due_at,
        warn_at=card.warn_at,
        state=str(card.clock_state),
        unit=unit_of(book, card.kind, card.clock, card.opened_at),
        provisional=card.provisional,
        is_stopped=False,
    )


def clock_view(view: ClockView, book: SlaBook) -> Clock:
    """Return one clock of a ticket's page."""
    try:
        unit = book.version(view.policy_id, view.policy_version).clocks[view.clock].unit.value
    except (PolicyMissing, KeyError):
        unit = ""
    return Clock(
        name=view.clock,
        due_at=view.due_at,
        warn_at=view.warn_at,
        state=view.state,
        unit=unit,
        provisional=view.provisional,
        is_stopped=view.stopped_at is not None,
    )


def citizen_label(conversation_id: str, words: Words) -> str:
    """Return a short name by which agents can tell conversations apart; it identifies nobody."""
    return words("citizen", tail=conversation_id.rpartition(":")[2][-_TAIL:].upper())


def channel_of(conversation_id: str, words: Words) -> str:
    """Return the channel's name in Chinese."""
    return words(f"channels.{conversation_id.partition(':')[0]}")


def cards(
    found: Sequence[ConversationCard], book: SlaBook, words: Words
) -> list[dict[str, Any]]:
    """Return the lines of a list of conversations; waiting ones, in order, with their place."""
    ahead: Counter[str] = Counter()
    lines = []
    for item in found:
        line = card(item, book, words)
        if item.owner in WAITING:
            ahead[item.queue] += 1
            line["place"] = ahead[item.queue]
        lines.append(line)
    return lines


def card(found: ConversationCard, book: SlaBook, words: Words) -> dict[str, Any]:
    """Return one line of a list of conversations."""
    clock = handoff_clock(found, book)
    return {
        "id": found.id,
        "label": citizen_label(found.id, words),
        "channel_title": channel_of(found.id, words),
        "owner": found.owner,
        "agent_name": found.agent_name,
        "queue_title": words(f"queues.{found.queue}"),
        "last_text": found.last_text,
        "last_at": _iso(found.last_at),
        "waiting_since": _iso(found.waiting_since),
        "reason_title": words(f"handoff.reasons.{found.reason}") if found.reason else None,
        "clock": clock.to_json() if clock else None,
        "place": None,
        "unanswered_since": _iso(found.unanswered_since),
        "nudged_at": _iso(found.nudged_at),
        "requeued_count": found.requeued_count,
        "hurry": [_hurry(reason, words) for reason in found.hurry],
    }


def _hurry(reason: Mapping[str, Any], words: Words) -> dict[str, str]:
    """Return why somebody is served before others, in words."""
    details = dict(reason["details"])
    level = details["level"]
    details["level"] = words(f"urgency.{level}")
    if "signal" in details:
        details["signal"] = words(f"routing.signals.{details['signal']}")
    return {"level": level, "text": words(f"queue.hurry.{reason['code']}", **details)}


def count(found: Sequence[ConversationCard], limit: int, now: datetime) -> dict[str, Any]:
    """Return how many there are, and how many of them have waited too long."""
    late = sum(
        1
        for item in found
        if item.clock_state == "breached"
        or (item.clock_state == "running" and item.due_at is not None and item.due_at <= now)
    )
    return {"count": f"{limit}+" if len(found) >= limit else str(len(found)), "late": late}


def conversation(
    conversation_id: str,
    status: ConversationStatus,
    found: ConversationCard | None,
    book: SlaBook,
    words: Words,
) -> dict[str, Any]:
    """Return who has a conversation, and why."""
    clock = handoff_clock(found, book) if found else None
    is_waiting = status.handled_by == "queued"
    return {
        "id": conversation_id,
        "label": citizen_label(conversation_id, words),
        "channel_title": channel_of(conversation_id, words),
        "status": {
            "handled_by": status.handled_by,
            "owner": status.owner,
            "agent_id": found.agent_id if found else None,
            "agent_name": status.agent_name,
        },
        "clock": clock.to_json() if clock else None,
        "handoff": {
            "reason_title": words(f"handoff.reasons.{found.reason}"),
            "queue_title": words(f"queues.{found.queue}"),
            "waiting_since": _iso(found.waiting_since) if is_waiting else None,
            "place": status.place,
            "expected_minutes": status.expected_minutes,
            "unanswered_since": _iso(found.unanswered_since),
            "nudged_at": _iso(found.nudged_at),
            "requeued_count": found.requeued_count,
        }
        if found and found.reason
        else None,
        "tickets": [{"number": found.ticket_number}] if found and found.ticket_number else [],
    }


def ticket_card(found: TicketCard, book: SlaBook, words: Words) -> dict[str, Any]:
    """Return one line of the ticket list."""
    clock = ticket_clock(found, book)
    return {
        "id": found.id,
        "number": found.number,
        "subject": found.subject,
        "kind": found.kind,
        "kind_title": words(f"kinds.{found.kind}"),
        "status": found.status,
        "status_title": words(f"states.{found.status}"),
        "priority": found.priority,
        "priority_title": words(f"life_cycle.priorities.{found.priority}"),
        "queue": found.queue,
        "queue_title": words(f"queues.{found.queue}"),
        "assignee_name": found.assignee_name,
        "opened_at": found.opened_at.isoformat(),
        "updated_at": found.updated_at.isoformat(),
        "version": found.version,
        "clock": clock.to_json() if clock else None,
    }


def explanation(found: ClockExplanation) -> dict[str, Any]:
    """Return a clock with every step of its counting."""
    view = found.view
    return {
        "clock": view.clock,
        "round": view.round,
        "state": view.state,
        "level": view.level,
        "policy": {"id": view.policy_id, "version": view.policy_version},
        "calendar": {"id": view.calendar_id, "version": view.calendar_version},
        "target": {"amount": found.target.amount, "unit": found.target.unit.value},
        "started_at": view.started_at.isoformat(),
        "stopped_at": _iso(view.stopped_at),
        "due_at": view.due_at.isoformat(),
        "provisional": view.provisional,
        "steps": [
            {
                "kind": step.kind,
                "from_at": step.from_at.isoformat(),
                "to_at": _iso(step.to_at),
                "counted": step.counted,
                "title": step.title,
                "source": step.source,
            }
            for step in found.steps
        ],
        "events": [
            {"kind": kind, "at": at.isoformat(), "noticed_at": noticed_at.isoformat()}
            for kind, at, noticed_at in found.events
        ],
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

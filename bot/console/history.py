"""A ticket's history in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.facts import facts_of
from bot.console.moments import moment
from bot.console.words import Words
from bot.services.desk_work import TicketDetail, TimelineItem
from bot.services.forms import FormCatalogue
from bot.services.staff import agents_named

#: What a page tells about a conflict: more would only be a wall of text.
_CHANGES_TOLD = 6
_SEALS = frozenset(
    {
        "ticket.supplemented", "ticket.noted", "ticket.replied",
        # told by the change of status that comes with them
        "ticket.correction_requested", "ticket.transferred",
    }
)  # fmt: skip
#: Who looked at what stands on the audit page; between the steps it would be noise.
_LOOKS = frozenset({"ticket.revealed", "ticket.evidence_downloaded"})


@dataclass(frozen=True)
class Line:
    """One entry of the timeline.

    Attributes:
        kind: `event`, or the kind of entry: note, public_reply, supplement.
        kind_of_event: The audit action, for events.
        change: What became what, empty when nothing of the kind.
    """

    at: datetime
    kind: str
    kind_of_event: str
    title: str
    actor: str
    change: str
    text: str
    seq: int | None
    hash: str | None
    entry_id: int | None = None
    agent_id: str = ""
    before: tuple[str, ...] = ()
    corrected_at: datetime | None = None

    @property
    def is_told(self) -> bool:
        """Tell whether the timeline shows it: what was written stands there in full, so the audit
        entry that seals it would only repeat it."""
        return self.seq is None or self.kind_of_event not in _SEALS | _LOOKS


async def lines_of(
    session: AsyncSession, detail: TicketDetail, forms: FormCatalogue, words: Words
) -> list[Line]:
    """Return the timeline in words, oldest first."""
    ids = {value for item in detail.timeline for value in _assignees(item) if value}
    names = await agents_named(session, *ids)
    return [_line(item, _change(item, detail.ticket.kind, names, forms, words), words) for item in detail.timeline]


async def changes_since(
    session: AsyncSession, detail: TicketDetail, seen: int, forms: FormCatalogue, words: Words
) -> list[dict[str, Any]]:
    """Return what happened after audit entry `seen`, for an agent whose save was refused."""
    lines = await lines_of(session, detail, forms, words)
    news = [line for line in lines if line.seq is not None and line.seq > seen]
    return [
        {"at": line.at.isoformat(), "actor": line.actor, "title": line.title, "change": line.change}
        for line in news[-_CHANGES_TOLD:]
    ]


def _assignees(item: TimelineItem) -> list[str]:
    return [str(value) for value in (item.old.get("assignee"), item.new.get("assignee")) if value]


def _line(item: TimelineItem, change: str, words: Words) -> Line:
    is_event = item.seq is not None
    return Line(
        at=item.at,
        kind="event" if is_event else item.kind,
        kind_of_event=item.kind,
        title=words(f"audit.{item.kind}" if is_event else f"entries.{item.kind}"),
        actor=item.actor_name or words(f"actors.{item.actor}"),
        change=change,
        text=item.text,
        seq=item.seq,
        hash=item.hash,
        entry_id=item.entry_id,
        agent_id=item.actor,
        before=item.before,
        corrected_at=item.corrected_at,
    )


def _change(
    item: TimelineItem, kind: str, names: dict[str, str], forms: FormCatalogue, words: Words
) -> str:
    if "fact" in item.new:
        name = str(item.new["fact"])
        old, new = (facts_of(forms, kind, {name: side.get("value") or ""}, words)[0] for side in (item.old, item.new))
        return f"{new.label}：{old.value or words('missing')} → {new.value}"
    if "status" in item.new:
        old, new = item.old.get("status"), item.new["status"]
        after = words(f"states.{new}")
        return f"{words(f'states.{old}')} → {after}" if old else after
    if "queue" in item.old:
        queues = " → ".join(words(f"queues.{side['queue']}") for side in (item.old, item.new))
        had_it = item.old.get("assignee")
        return words("queue_changed_taken_off", queues=queues, name=names.get(str(had_it), str(had_it))) if had_it else queues
    if "assignee" in item.new:
        old, new = item.old.get("assignee"), str(item.new["assignee"])
        after = names.get(new, new)
        return f"{names.get(str(old), str(old))} → {after}" if old else after
    if "priority" in item.new:
        return " → ".join(words(f"life_cycle.priorities.{side['priority']}") for side in (item.old, item.new))
    if "due_at" in item.new:
        dues = (datetime.fromisoformat(str(side["due_at"])) for side in (item.old, item.new))
        return f"{words(f'clocks.{item.new['clock']}')} {' → '.join(moment(due) for due in dues)}"
    if "amount" in item.new:
        return f"{words(f'clocks.{item.new['clock']}')} +{item.new['amount']} {words(f'units.{item.new['unit']}')}"
    return str(item.new.get("number") or item.new.get("receipt_no") or "")

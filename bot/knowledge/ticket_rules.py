"""The rules of a ticket's life that are data, read from `knowledge_base/tickets/`."""

from __future__ import annotations

from pathlib import Path

from bot.helpdesk.reasons import Reason, TicketRules
from bot.helpdesk.ticket import TicketKind, TicketStatus
from bot.knowledge.datafile import Fields, read_mapping


def load_ticket_rules(root: Path) -> TicketRules:
    """Return the catalogue of reasons and the days of follow-ups, corrections and duplicates.

    Args:
        root: The folder `knowledge_base`.
    Raises:
        DataError: Naming file and key of the first mistake.
    """
    path = root / "tickets" / "life_cycle.yml"
    fields = Fields(read_mapping(path), path)
    fields.only("follow_up_days", "correction_days", "duplicate_days")
    days = fields.child("follow_up_days")
    days.only(*(kind.value for kind in TicketKind))
    return TicketRules(
        reasons=_reasons(root / "tickets" / "reasons.yml"),
        follow_up_days={kind: days.integer(kind) for kind in days.data},
        correction_days=fields.integer("correction_days"),
        duplicate_days=fields.integer("duplicate_days"),
    )


def _reasons(path: Path) -> tuple[Reason, ...]:
    fields = Fields(read_mapping(path), path)
    fields.only(*(status.value for status in TicketStatus))
    found = []
    for step in fields.data:
        codes = set()
        for entry in fields.children(step):
            entry.only("code", "title", "words")
            reason = Reason(step, entry.text("code"), entry.text("title"), entry.text("words"))
            if reason.code in codes:
                raise entry.fail("code", f"{reason.code} stands twice under {step}")
            codes.add(reason.code)
            found.append(reason)
    return tuple(found)

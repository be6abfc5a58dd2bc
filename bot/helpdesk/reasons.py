"""The catalogue of reasons: why a step was taken, in words for the citizen and in codes to count by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.helpdesk.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for one step.

    Attributes:
        step: Status that the step leads to.
        code: Unique within the step; stays when the words change, so that years can be compared.
        title: For staff to choose by.
        words: What the citizen reads; free text may follow.
    """

    step: str
    code: str
    title: str
    words: str


@dataclass(frozen=True)
class TicketRules:
    """What is data about the life of a ticket.

    Attributes:
        reasons: In the order in which they are offered.
        follow_up_days: Kind of ticket to working days after the resolution; a kind that is missing
            gets no follow-up by itself.
        correction_days: Working days that the form for a correction suggests.
        duplicate_days: How far back duplicates are looked for, in calendar days.
    """

    reasons: Sequence[Reason] = ()
    follow_up_days: Mapping[str, int] = field(default_factory=dict)
    correction_days: int = 10
    duplicate_days: int = 365

    def reasons_for(self, step: str) -> list[Reason]:
        """Return what may be chosen for a step."""
        return [reason for reason in self.reasons if reason.step == step]

    def worded(self, step: str, code: str | None, text: str) -> str:
        """Return the reason as the citizen reads it: the catalogue's words, then the free text.

        Raises:
            BadRequest: There is no such code for this step.
        """
        text = text.strip()
        if not code:
            return text
        chosen = next((r for r in self.reasons if (r.step, r.code) == (step, code)), None)
        if chosen is None:
            raise BadRequest(field="reason_code")
        return f"{chosen.words}\n{text}" if text else chosen.words

"""What may happen to a ticket beside the steps of its state table, and why it may not.

HelpdeskError
├── TicketMerged          it is handled with another ticket: work there, or take it out first
├── MergeRefused          `details["why"]`: same | merged | finished | kind
├── NotMerged             there is nothing to take out
├── AlreadyLinked         the two tickets have this link already
├── ExtensionRefused      `details["why"]`: pending | ended | own | decided | much | unit
├── CorrectionDateWrong   the date must lie after today, and not too far
├── RatingNotFound        the link is damaged or forged
└── RatingClosed          answered already
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum

from bot.helpdesk.errors import HelpdeskError
from bot.helpdesk.ticket import FINISHED, TicketStatus


class TicketMerged(HelpdeskError):
    """The ticket is handled with another one; its own steps rest until it is taken out."""

    code = "ticket_merged"


class MergeRefused(HelpdeskError):
    """These two tickets cannot be merged; `details["why"]` says which rule forbids it."""

    code = "merge_refused"


class NotMerged(HelpdeskError):
    """The ticket is not merged into another one."""

    code = "not_merged"


class AlreadyLinked(HelpdeskError):
    """The link that was to be made is there."""

    code = "already_linked"


class ExtensionRefused(HelpdeskError):
    """More time cannot be asked for or granted; `details["why"]` says which rule forbids it."""

    code = "extension_refused"


class CorrectionDateWrong(HelpdeskError):
    """A correction needs a date from tomorrow on, at most `CORRECTION_DAYS_MAX` days away."""

    code = "correction_date_wrong"


class RatingNotFound(HelpdeskError):
    """No rating answers to this link."""

    code = "not_found"


class RatingClosed(HelpdeskError):
    """The episode was rated already; once is enough."""

    code = "rating_closed"


class Priority(StrEnum):
    """How soon a ticket should be looked at, in rising order: 低, 普通, 高, 紧急."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class LinkKind(StrEnum):
    """How two tickets have to do with each other.

    MERGED: `from` is handled with `to`. SPLIT: `to` was split off `from`. RELATED and DUPLICATE are
    remarks by staff and change nothing.
    """

    MERGED = "merged"
    SPLIT = "split"
    RELATED = "related"
    DUPLICATE = "duplicate"


#: Links that staff make and undo by hand.
REMARKS = frozenset({LinkKind.RELATED, LinkKind.DUPLICATE})


class FollowUpOutcome(StrEnum):
    """How a follow-up ended. REOPENED: the ticket was opened again before it took place."""

    SATISFIED = "satisfied"
    UNSATISFIED = "unsatisfied"
    UNREACHABLE = "unreachable"
    NOT_NEEDED = "not_needed"
    REOPENED = "reopened"


CORRECTION_ITEMS_MAX = 20
CORRECTION_ITEM_CHARS = 200
CORRECTION_DAYS_MAX = 180
SCORES = range(1, 6)


def check_correction_date(due_on: date, today: date) -> None:
    """Allow the last day for a correction or say why not.

    Raises:
        CorrectionDateWrong: Not after today, or more than `CORRECTION_DAYS_MAX` days away.
    """
    if not today < due_on <= today + timedelta(days=CORRECTION_DAYS_MAX):
        raise CorrectionDateWrong(days=CORRECTION_DAYS_MAX)


def check_merge(
    *,
    source_status: TicketStatus,
    source_kind: str,
    source_merged: bool,
    target_status: TicketStatus,
    target_kind: str,
    target_merged: bool,
    is_same: bool,
) -> None:
    """Allow a merge or say why not.

    Only tickets that are merged into nothing take part, so merges always form trees: two that
    would close a circle cannot both pass.

    Raises:
        MergeRefused: With `why`.
    """
    if is_same:
        raise MergeRefused(why="same")
    if source_merged or target_merged:
        raise MergeRefused(why="merged")
    if source_status in FINISHED or target_status in FINISHED:
        raise MergeRefused(why="finished")
    if source_kind != target_kind:
        raise MergeRefused(why="kind")


#: Facts that say who somebody is, the surest first.
_PARTY_FIELDS = ("phone", "party_id", "name")
_SEPARATOR = re.compile(r"[\n，,;；。、|/（(【\[：:]|https?")
_NO_WORD = re.compile(r"[\W_]+")


def matter_of(facts: Mapping[str, object]) -> tuple[str, str, str] | None:
    """Return party, right and respondent in a form in which equal means the same; None if one of
    party and respondent is not known, as in an anonymous report.

    Right is the type of right: the same citizen with the same respondent about another number is
    what staff want to see. Of the respondent only the name counts, which people write first, before
    address, shop and link.
    """
    party = next((text for field in _PARTY_FIELDS if (text := _plain(facts.get(field)))), "")
    respondent = respondent_name(facts.get("respondent"))
    if not party or not respondent:
        return None
    return party, _plain(facts.get("right")), respondent


def respondent_name(value: object) -> str:
    """Return the name in what was written about the respondent, without case, spaces and signs."""
    text = unicodedata.normalize("NFKC", str(value or ""))
    parts = (_plain(part) for part in _SEPARATOR.split(text))
    return next((part for part in parts if part), "")


def _plain(value: object) -> str:
    return _NO_WORD.sub("", unicodedata.normalize("NFKC", str(value or ""))).casefold()

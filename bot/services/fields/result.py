"""What checking an answer gives: accepted with its normal form, or rejected with a reason."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer is good.

    Attributes:
        value: Normal form, kept in the slot and in the ticket; checking it again gives the same.
        shown: The same for people to read.
    """

    value: str
    shown: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The answer cannot be taken.

    Attributes:
        code: Key under `rejections` in `bot/texts/citizen.yml`.
        details: Values for the placeholders of those words.
    """

    code: str
    details: dict[str, str] = field(default_factory=dict)


type Outcome = Accepted | Rejected


def rejected(code: str, **details: object) -> Rejected:
    """Return a rejection with its details as text."""
    return Rejected(code, {name: str(value) for name, value in details.items()})

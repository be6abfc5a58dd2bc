"""Whose matter it is, which queue takes it, how urgent it is, and why: each as a reason in words.

A centre is known by the administrative divisions it serves. What names a place, in the order in
which it counts, is for the caller to say: first the place of the act, then addresses, last the area code
of a telephone. The first source that some centre serves decides; the smallest division wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from bot.helpdesk.ticket import queue_for


class Urgency(StrEnum):
    """How soon somebody has to look; words are in `bot/texts` under `urgency`."""

    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


_RANK = {Urgency.NORMAL: 0, Urgency.HIGH: 1, Urgency.URGENT: 2}
_EVERYWHERE = ""


@dataclass(frozen=True, slots=True)
class Centre:
    """One centre that takes matters.

    Attributes:
        regions: Division codes without the zeros at their end (`33`, `3301`); empty: everywhere.
        phone: As citizens dial it; None if nobody filled it in.
        hours: Opening hours in words; empty if not known.
        queues: Those it has; empty: all.
        is_automatic: Matters go there without a person's decision, if the citizen agreed.
    """

    id: str
    name: str
    regions: tuple[str, ...] = ()
    phone: str | None = None
    hours: str = ""
    queues: frozenset[str] = frozenset()
    is_automatic: bool = False

    def reach(self, code: str) -> int:
        """Return how narrowly the centre serves a place: digits that agree, 0 for everywhere, -1 for not at all."""
        fitting = [len(r) for r in self.regions or (_EVERYWHERE,) if code.startswith(r)]
        return max(fitting, default=-1)


@dataclass(frozen=True, slots=True)
class Signal:
    """What makes a matter urgent: answers, words in what was told, or an amount. One of them is enough."""

    level: Urgency
    reason: str
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    words: re.Pattern[str] | None = None
    amount_from: Decimal | None = None

    def shows(self, matter: Matter) -> bool:
        """Tell whether the matter has it."""
        if any(matter.values.get(name) in wanted for name, wanted in self.fields.items()):
            return True
        if self.words is not None and self.words.search(matter.told):
            return True
        return self.amount_from is not None and (matter.amount or 0) >= self.amount_from


@dataclass(frozen=True, slots=True)
class RoutingRules:
    """Centres and signals, as the data has them; `own` is the centre of this installation."""

    own: str
    centres: Mapping[str, Centre]
    signals: Sequence[Signal] = ()

    @property
    def here(self) -> Centre:
        """Return this installation's centre."""
        return self.centres[self.own]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a matter belongs, as one source says: `act`, `home`, `address` or `phone`."""

    source: str
    code: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Matter:
    """What routing looks at.

    Attributes:
        places: In the order in which they count.
        told: What the citizen wrote freely.
        amount: In yuan.
    """

    right: str | None
    values: Mapping[str, str | None] = field(default_factory=dict)
    places: Sequence[Place] = ()
    told: str = ""
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of the decision; words for the code are in `bot/texts` under `routing.reasons`."""

    code: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """The decision.

    Attributes:
        region: Division code that decided, None if no place is known.
        language: ISO 639-1 code.
        skills: What an agent should have: `queue:…`, `right:…`, `language:…` for other than Chinese.
        is_ours: The centre is this installation's.
    """

    centre: Centre
    queue: str
    urgency: Urgency
    region: str | None
    language: str
    skills: frozenset[str]
    reasons: tuple[Reason, ...]
    is_ours: bool


def route(matter: Matter, rules: RoutingRules) -> Route:
    """Decide on a matter."""
    queue = queue_for(matter.right)
    centre, place, why = _centre(matter, rules, queue)
    urgency, signs = _urgency(matter, rules)
    language = language_of(matter.told)
    reasons = [why, Reason("queue", {"right": matter.right or "general", "queue": queue}), *signs]
    skills = {f"queue:{queue}"} | ({f"right:{matter.right}"} if matter.right else set())
    if language != "zh":
        skills.add(f"language:{language}")
        reasons.append(Reason("language", {"language": language}))
    return Route(
        centre=centre, queue=queue, urgency=urgency, region=place.code if place else None, language=language,
        skills=frozenset(skills), reasons=tuple(reasons), is_ours=centre.id == rules.own,
    )  # fmt: skip


def _centre(matter: Matter, rules: RoutingRules, queue: str) -> tuple[Centre, Place | None, Reason]:
    for place in matter.places:
        able = [c for c in rules.centres.values() if not c.queues or queue in c.queues]
        reach = {centre.id: centre.reach(place.code) for centre in able}
        # Of two that serve it equally, ours takes it: nothing is sent away without need.
        best = max(able, key=lambda c: (reach[c.id], c.id == rules.own), default=None)
        if best is not None and reach[best.id] >= 0:
            details = {"source": place.source, "place": place.name or place.code, "centre": best.name}
            return best, place, Reason("place", details)
    here = rules.here
    first = matter.places[0] if matter.places else None
    code = "place_unserved" if first else "place_unknown"
    return here, first, Reason(code, {"place": first.name if first else "", "centre": here.name})


def _urgency(matter: Matter, rules: RoutingRules) -> tuple[Urgency, list[Reason]]:
    shown = [signal for signal in rules.signals if signal.shows(matter)]
    level = max((signal.level for signal in shown), key=_RANK.__getitem__, default=Urgency.NORMAL)
    return level, [Reason("signal", {"level": s.level.value, "signal": s.reason}) for s in shown]


# --- language -------------------------------------------------------------------------------

#: Scripts that name a language in China beside Chinese; order matters: kana beats the characters it stands with.
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")),
    ("bo", re.compile(r"[\u0f00-\u0fff]")),
    ("ug", re.compile(r"[\u0600-\u06ff]")),
    ("mn", re.compile(r"[\u1800-\u18af]")),
)
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_SHARE = 0.3
_FEWEST_WORDS = 5


def language_of(text: str) -> str:
    """Return the language that the letters of a text speak for; `zh` when in doubt."""
    letters = sum(c.isalpha() for c in text) or 1
    for language, script in _SCRIPTS:
        if len(script.findall(text)) / letters >= _SHARE:
            return language
    latin = len(_LATIN_WORD.findall(text))
    return "en" if latin >= _FEWEST_WORDS and latin > len(_HAN.findall(text)) else "zh"


# --- agents ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent who could take a matter.

    Attributes:
        load: Conversations or tickets in hand.
        free_since: When the last one was given; the longest free comes first among equals.
    """

    id: str
    skills: frozenset[str]
    load: int
    capacity: int
    free_since: datetime


def suited(candidates: Iterable[Candidate], wanted: Route) -> list[Candidate]:
    """Return those with a free place, best first: fewest skills missing, least loaded, longest free.

    A language is not a wish: whoever cannot read the matter is left out.
    """
    languages = {skill for skill in wanted.skills if skill.startswith("language:")}
    free = [c for c in candidates if c.load < c.capacity and languages <= c.skills]
    return sorted(
        free, key=lambda c: (len(wanted.skills - c.skills), c.load / c.capacity, c.free_since, c.id)
    )

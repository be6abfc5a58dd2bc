"""Whose matter it is, which queue takes it, how urgent it is, and why: each as a reason in words.

A centre is known by the administrative divisions it serves. What names a place, in the order in
which it counts, is for the caller to say: first the place of the act, then addresses, last the area code
of a telephone. The first source that some centre serves decides; the smallest division wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from bot.helpdesk.presence import Assignment, Presence, Skills
from bot.helpdesk.regions import RegionScope
from bot.helpdesk.ticket import RIGHTS

#: Takes what no other queue does; there always is one.
GENERAL = "general"


class Urgency(StrEnum):
    """How soon somebody has to look; words are in `bot/texts` under `urgency`."""

    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


_RANK = {Urgency.NORMAL: 0, Urgency.HIGH: 1, Urgency.URGENT: 2}
_EVERYWHERE = ""
#: Reason to serve somebody first: a ticket of theirs that is open.
OPEN_TICKET = "open_ticket"


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
    """Centres, queues and signals, as the data has them.

    Attributes:
        own: The centre of this installation.
        queues: Queue → the rights that its agents know.
        hurry_by_ticket: Priority of an open ticket → how soon its citizen is served who waits for a person.
    """

    own: str
    centres: Mapping[str, Centre]
    signals: Sequence[Signal] = ()
    queues: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {GENERAL: ()})
    hurry_by_ticket: Mapping[str, Urgency] = field(default_factory=dict)

    @property
    def here(self) -> Centre:
        """Return this installation's centre."""
        return self.centres[self.own]

    def queue_of(self, right: str | None) -> str:
        """Return the queue whose agents know this right; `general` when none does."""
        return next((queue for queue, rights in self.queues.items() if right in rights), GENERAL)


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
        queue: Where somebody has put it already; without one the right decides.
    """

    right: str | None
    values: Mapping[str, str | None] = field(default_factory=dict)
    places: Sequence[Place] = ()
    told: str = ""
    amount: Decimal | None = None
    queue: str | None = None


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
        skills: What an agent should have: `queue:…`, `right:…` (one of several between `|`), `language:…` for
            other than Chinese.
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
    queue = matter.queue or rules.queue_of(matter.right)
    centre, place, why = _centre(matter, rules, queue)
    urgency, signs = _urgency(matter, rules)
    language = language_of(matter.told)
    reasons = [why, Reason("queue", {"right": matter.right or "general", "queue": queue}), *signs]
    skills = skills_for(queue, matter.right, rules)
    if language != "zh":
        skills |= {f"language:{language}"}
        reasons.append(Reason("language", {"language": language}))
    return Route(
        centre=centre, queue=queue, urgency=urgency, region=place.code if place else None, language=language,
        skills=skills, reasons=tuple(reasons), is_ours=centre.id == rules.own,
    )  # fmt: skip


def named_right(*named: str | None) -> str | None:
    """Return the first right that says whose work a matter is; `general` and `none` say nothing."""
    return next((right for right in named if right in RIGHTS), None)


def skills_named(queue: str, right: str | None) -> frozenset[str]:
    """Return a queue and a right as skills."""
    return frozenset({f"queue:{queue}", *([f"right:{right}"] if right in RIGHTS else [])})


def skills_for(queue: str, right: str | None, rules: RoutingRules) -> frozenset[str]:
    """Return the skills that a matter of a queue asks for.

    Whoever put it into another queue than its right's knows better: then any right of that queue will do.
    """
    any_of = rules.queues.get(queue, ())
    if not any_of or rules.queue_of(named_right(right)) == queue:
        return skills_named(queue, right)
    return frozenset({f"queue:{queue}", f"right:{'|'.join(any_of)}"})


def skills_after_move(skills: Iterable[str], queue: str, rules: RoutingRules) -> frozenset[str]:
    """Return what a matter asks for once somebody has put it into another queue: its language stays."""
    return skills_for(queue, None, rules) | {skill for skill in skills if skill.startswith("language:")}


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
    reasons = [Reason("signal", {"level": s.level.value, "signal": s.reason}) for s in shown]
    return most_urgent(reasons), reasons


def most_urgent(reasons: Iterable[Reason]) -> Urgency:
    """Return the highest level that a reason names."""
    levels = (Urgency(reason.details["level"]) for reason in reasons)
    return max(levels, key=_RANK.__getitem__, default=Urgency.NORMAL)


def hurry_of_tickets(priorities: Iterable[str], rules: RoutingRules) -> list[Reason]:
    """Return why a citizen with open tickets of these priorities is served before others; nothing if they are not."""
    known = (rules.hurry_by_ticket.get(priority, Urgency.NORMAL) for priority in priorities)
    level = max(known, key=_RANK.__getitem__, default=Urgency.NORMAL)
    return [] if level is Urgency.NORMAL else [Reason(OPEN_TICKET, {"level": level.value})]


# --- language -------------------------------------------------------------------------------

#: Scripts that name a language in China beside Chinese; order matters: kana beats the characters it stands with.
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")),
    ("bo", re.compile(r"[\u0f00-\u0fff]")),
    ("ug", re.compile(r"[\u0600-\u06ff]")),
    ("mn", re.compile(r"[\u1800-\u18af]")),
)
#: What an agent may speak beside Chinese, which everybody does.
LANGUAGES = ("en", *(language for language, _ in _SCRIPTS))
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_SHARE = 0.3
_FEWEST_WORDS = 5


def language_of(text: str) -> str:
    """Return the language that the letters of a text speak for; `zh` when in doubt."""
    seen = [(language, script) for language, script in _SCRIPTS if script.search(text)]
    letters = (seen and sum(c.isalpha() for c in text)) or 1
    for language, script in seen:
        if len(script.findall(text)) / letters >= _SHARE:
            return language
    latin = len(_LATIN_WORD.findall(text))
    return "en" if latin >= _FEWEST_WORDS and latin > len(_HAN.findall(text)) else "zh"


# --- agents ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a matter asks of whoever takes it or hears of it.

    Attributes:
        skills: As in `Route`.
        regions: Where it lies; without any it is for everybody.
    """

    skills: frozenset[str] = frozenset()
    regions: tuple[str | None, ...] = ()


#: Asks for no skill and is for everybody.
ANYTHING = Wanted()


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member of staff who handles matters: what they can do, for where, and whether they are there."""

    id: str
    skills: Skills = field(default_factory=Skills)
    scope: RegionScope = field(default_factory=RegionScope)
    presence: Presence = Presence.OFFLINE

    def may_see(self, wanted: Wanted) -> bool:
        """Tell whether the matter lies in their part of the country."""
        return self.scope.covers_any(wanted.regions)

    def missing(self, wanted: Wanted) -> list[str]:
        """Return the skills that are missing; who has none set can do everything."""
        return sorted(skill for skill in wanted.skills if not self.skills.has(skill))

    def lacks(self, wanted: Wanted) -> int:
        """Return how many of the skills are missing."""
        return len(self.missing(wanted))


@dataclass(frozen=True, slots=True)
class Candidate(Colleague):
    """An agent who could take a matter.

    Attributes:
        load: Conversations in hand.
        free_since: When the last one ended.
        given_at: When they were last given one, or took one.
        given: How many in the last day.
    """

    load: int = 0
    capacity: int = 0
    free_since: datetime = datetime.min
    given_at: datetime = datetime.min
    given: int = 0

    def may_take(self, wanted: Wanted) -> bool:
        """Tell whether they are there, have a place free and may see the matter."""
        return self.presence is Presence.ONLINE and self.load < self.capacity and self.may_see(wanted)


#: What decides between agents who are equally suited; last of all the id, so that it is the same everywhere.
_ORDERS: Mapping[Assignment, Callable[[Candidate], tuple[Any, ...]]] = {
    Assignment.LONGEST_FREE: lambda c: (c.load / c.capacity, c.free_since),
    Assignment.LEAST_BUSY: lambda c: (c.load, c.given, c.free_since),
    Assignment.ROUND_ROBIN: lambda c: (c.given_at,),
}


def takers(
    candidates: Iterable[Candidate],
    wanted: Wanted,
    *,
    waited: timedelta,
    anyone_after: timedelta,
    assignment: Assignment = Assignment.LONGEST_FREE,
) -> list[Candidate]:
    """Return to whom a waiting matter may be given, best first as the assignment says.

    Only those who have every skill. If none of them is there and free, then after some time those who lack one
    or more, fewest first, so that nobody waits for ever.
    """
    able = [candidate for candidate in candidates if candidate.may_take(wanted)]
    suited = [candidate for candidate in able if not candidate.lacks(wanted)]
    chosen = able if not suited and waited >= anyone_after else suited
    order = _ORDERS[assignment]
    return sorted(chosen, key=lambda c: (c.lacks(wanted), *order(c), c.id))


def queues_of_takers(present: Iterable[Colleague], wanted: Wanted) -> frozenset[str] | None:
    """Return the queues that those serve who are there and have every skill for a matter; None if one serves all."""
    suited = [c for c in present if c.may_see(wanted) and not c.lacks(wanted)]
    if any(not c.skills.queues for c in suited):
        return None
    return frozenset(queue for c in suited for queue in c.skills.queues)


def to_be_told[Someone: Colleague](people: Collection[Someone], wanted: Wanted) -> list[Someone]:
    """Return who hears of a waiting matter: those who are there and have every skill; without any, all who may see it."""
    may_see = [person for person in people if person.may_see(wanted)]
    suited = [p for p in may_see if p.presence is Presence.ONLINE and not p.lacks(wanted)]
    return suited or may_see

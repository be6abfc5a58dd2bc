"""Centres and routing rules from `knowledge_base/centres/*.yml` and `knowledge_base/routing.yml`."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from bot.helpdesk.life_cycle import Priority
from bot.helpdesk.routing import GENERAL, Centre, RoutingRules, Signal, Urgency
from bot.helpdesk.ticket import RIGHTS

_REGION = re.compile(r"\d{2}|\d{4}|\d{6}")
_ID = re.compile(r"[a-z][a-z0-9_]{0,23}")


class RoutingInvalid(ValueError):
    """A file of centres or rules is wrong; the message names it. Correct it and start again."""


def load_routing(root: Path, *, own_name: str | None = None) -> RoutingRules:
    """Read centres and rules.

    Args:
        root: The knowledge base.
        own_name: Name of this installation's centre, instead of the one in its file.
    Raises:
        RoutingInvalid: A file is wrong, or the own centre is not among the centres.
    """
    centres = dict(map(_centre, sorted((root / "centres").glob("*.yml"))))
    path = root / "routing.yml"
    data = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    try:
        own, signals = data["own"], tuple(map(_signal, data.get("signals") or ()))
        queues = _queues(data.get("queues") or {})
        hurry = _hurry(data.get("hurry_by_ticket") or {})
    except (KeyError, TypeError, ValueError, re.error) as error:
        raise RoutingInvalid(f"{path.name}: {error!r}") from error
    if own not in centres:
        raise RoutingInvalid(f"{path.name}: there is no centre {own}")
    if own_name:
        centres[own] = replace(centres[own], name=own_name)
    return RoutingRules(own=own, centres=centres, signals=signals, queues=queues, hurry_by_ticket=hurry)


def check_words(rules: RoutingRules, words: Container[str]) -> None:
    """Make sure that everything that people read of the rules has words.

    Args:
        words: Keys of `bot/texts`.
    Raises:
        RoutingInvalid: A queue or a signal has none; the message names file and key.
    """
    wanted = [(f"queues.{queue}", "citizen.yml") for queue in rules.queues]
    wanted += [(f"routing.signals.{signal.reason}", "intake.yml") for signal in rules.signals]
    missing = [f"{key} in bot/texts/{file}" for key, file in wanted if key not in words]
    if missing:
        raise RoutingInvalid(f"routing.yml: add words for {', '.join(missing)}")


def _centre(path: Path) -> tuple[str, Centre]:
    data = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    try:
        centre = Centre(
            id=data["id"],
            name=data["name"],
            regions=tuple(str(region) for region in data.get("regions") or ()),
            phone=str(data["phone"]) if data.get("phone") else None,
            hours=data.get("hours") or "",
            queues=frozenset(data.get("queues") or ()),
            is_automatic=bool(data.get("automatic")),
        )
    except (KeyError, TypeError) as error:
        raise RoutingInvalid(f"{path.name}: {error!r}") from error
    wrong = [region for region in centre.regions if not _REGION.fullmatch(region)]
    if wrong or not _ID.fullmatch(str(centre.id)) or centre.id != path.stem:
        raise RoutingInvalid(f"{path.name}: {wrong or centre.id}")
    return centre.id, centre


def _queues(data: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return queue → rights; the general queue need not be named.

    Raises:
        ValueError: An id that cannot be stored, a right that there is not, or one that two queues take.
    """
    queues = {str(queue): tuple(rights or ()) for queue, rights in data.items()}
    named = [right for rights in queues.values() for right in rights]
    wrong = [queue for queue in queues if not _ID.fullmatch(queue)]
    wrong += [right for right in named if right not in RIGHTS or named.count(right) > 1]
    if wrong:
        raise ValueError(f"queues: {wrong}")
    return {**queues, GENERAL: queues.get(GENERAL, ())}


def _hurry(data: Mapping[str, Any]) -> dict[str, Urgency]:
    """Return priority → level.

    Raises:
        ValueError: A priority or a level that there is not.
    """
    return {Priority(priority).value: Urgency(level) for priority, level in data.items()}


def _signal(data: Mapping[str, Any]) -> Signal:
    amount = data.get("amount_from")
    return Signal(
        level=Urgency(data["level"]),
        reason=data["reason"],
        fields={name: frozenset(values) for name, values in (data.get("fields") or {}).items()},
        words=re.compile(data["words"]) if data.get("words") else None,
        amount_from=Decimal(str(amount)) if amount is not None else None,
    )

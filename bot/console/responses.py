"""How soon a person answers, and what the assistant settles alone, as the dashboard and its files show it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.console.charts import Figure, share, shares
from bot.console.words import Words
from bot.services.figures import Bar, DeflectionFigures, ResponseFigures, Responses, Waits

_MINUTE, _HOUR = 60, 3600
#: The columns of a table, and the section of words that names what stands in the first of them.
_NAMES = {"right": "rights", "region": "", "channel": "channels"}


def response_tables(figures: ResponseFigures, words: Words) -> list[Figure]:
    """Return how long citizens waited, by right, region and channel: on tickets in hours, in conversations in minutes."""
    return [
        *_responses("tickets", figures.tickets, _HOUR, words),
        *_responses("handoffs", figures.handoffs, _MINUTE, words),
    ]


def deflection_tables(figures: DeflectionFigures, words: Words) -> list[Figure]:
    """Return the share of conversations that needed no person, by right, region and channel."""
    return [
        _deflection("right", figures.by_right, words),
        _deflection("region", figures.by_region, words),
        _deflection("channel", figures.by_channel, words),
    ]


def _responses(subject: str, found: Responses, unit: int, words: Words) -> list[Figure]:
    split = {"right": found.by_right, "region": found.by_region, "channel": found.by_channel}
    return [_waits(subject, dimension, groups, unit, words) for dimension, groups in split.items()]


def _waits(subject: str, dimension: str, groups: Sequence[Waits], unit: int, words: Words) -> Figure:
    ends = [(_in(group.median_seconds, unit), _in(group.slow_seconds, unit)) for group in groups]
    rows = [
        [_name(dimension, group.key, words), *end, group.replied, group.asked]
        for group, end in zip(groups, ends, strict=True)
    ]
    bars = shares([median or 0 for median, _ in ends])
    return Figure(
        key=f"{subject}_by_{dimension}", title=words(f"responses.figures.{subject}_by_{dimension}"),
        head=[words(f"responses.by.{dimension}"), *words(f"responses.heads.{subject}").split("|")], rows=list(rows), bars=bars,
    )  # fmt: skip


def _deflection(dimension: str, bars: Sequence[Bar], words: Words) -> Figure:
    alone = [share(bar.parts[0], bar.count) or 0.0 for bar in bars]
    return Figure(
        key=f"deflection_by_{dimension}", title=words(f"responses.figures.deflection_by_{dimension}"),
        head=[words(f"responses.by.{dimension}"), *words("responses.heads.deflection").split("|")],
        rows=[[_name(dimension, bar.key, words), part, *bar.parts, bar.count] for bar, part in zip(bars, alone, strict=True)],
        bars=alone,
    )  # fmt: skip


def _name(dimension: str, key: str | None, words: Words) -> str:
    if key is None:
        return words("responses.unknown")
    return words(f"{_NAMES[dimension]}.{key}") if _NAMES[dimension] else key


def _in(seconds: float | None, unit: int) -> float | None:
    return None if seconds is None else round(seconds / unit, 1)

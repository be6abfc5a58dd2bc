"""What was right: shares over all questions and by label, what was taken for what, how long it took.

`topic` counts as right when it is the label or one of the row's `alt_topics`. A row counts only for the
labels that it has.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.ops.eval.asking import Row

FIELDS = ("topic", "right")
OUT_OF_SCOPE, HANDOFF = "out_of_scope", "handoff"
#: A message with one of these intents is answered with the offer of a person.
_PERSON_INTENTS = frozenset({"request_human", "request_human_urgent", "report_urgent"})


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    hits: int
    total: int

    @property
    def value(self) -> float | None:
        """Return the share, None of nothing."""
        return self.hits / self.total if self.total else None


@dataclass(frozen=True)
class Headline:
    """The shares that are looked at first.

    Attributes:
        outside: Out-of-scope questions that were recognised.
        refused: Questions in scope that were taken for out of scope.
        person: Requests for a person that led to one, or to the offer of one.
        article: Questions with the articles that would do (`articles`) that were answered with one of them.
    """

    right: Share
    topic: Share
    outside: Share
    refused: Share
    person: Share
    article: Share


@dataclass(frozen=True)
class Confusion:
    """How often a label was taken for which; an accepted alternative counts as the label itself."""

    labels: tuple[str, ...]
    counts: dict[tuple[str, str], int]

    def mistakes(self) -> list[tuple[str, str, int]]:
        """Return (expected, got, how often), the commonest first."""
        found = [(a, b, count) for (a, b), count in self.counts.items() if a != b]
        return sorted(found, key=lambda item: (-item[2], item[0], item[1]))


@dataclass(frozen=True)
class Latency:
    """Milliseconds."""

    median: float
    p95: float


def has_label(row: Row, field: str) -> bool:
    """Tell whether a result has something to compare a field with."""
    return row.get(f"expected_{field}") is not None


def is_labelled(row: Row) -> bool:
    """Tell whether it has any label."""
    return any(has_label(row, field) for field in FIELDS)


def is_right(row: Row, field: str) -> bool:
    """Tell whether a label was met; alternatives of the row count for the topic."""
    wanted = {row.get(f"expected_{field}")}
    if field == "topic":
        wanted |= set(row.get("alt_topics") or ())
    return row.get(field) in wanted


def is_refused(row: Row) -> bool:
    """Tell whether the bot said that the matter is none of its own."""
    return row.get("outcome") == OUT_OF_SCOPE


def got_person(row: Row) -> bool:
    """Tell whether the reply leads to a person: the conversation is handed over, or that is offered."""
    return row.get("outcome") == HANDOFF or row.get("intent") in _PERSON_INTENTS


def has_fitting_article(row: Row) -> bool:
    """Tell whether the first answer is one of the articles that would do."""
    return row.get("article_id") in row["articles"]


def share(rows: Sequence[Row], hit: Callable[[Row], bool]) -> Share:
    """Count."""
    return Share(sum(map(hit, rows)), len(rows))


def headline(rows: Sequence[Row]) -> Headline:
    """Return the shares of all labelled rows."""
    by_topic = [row for row in rows if has_label(row, "topic")]
    outside = [row for row in by_topic if row["expected_topic"] == OUT_OF_SCOPE]
    inside = [row for row in by_topic if row["expected_topic"] != OUT_OF_SCOPE]
    return Headline(
        right=share([row for row in rows if has_label(row, "right")], lambda row: is_right(row, "right")),
        topic=share(by_topic, lambda row: is_right(row, "topic")),
        outside=share(outside, is_refused),
        refused=share(inside, is_refused),
        person=share([row for row in by_topic if row["expected_topic"] == HANDOFF], got_person),
        article=share([row for row in rows if row.get("articles")], has_fitting_article),
    )


def by_label(rows: Sequence[Row], field: str) -> list[tuple[str, Share]]:
    """Return the share of each label, the commonest label first."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if has_label(row, field):
            groups[str(row[f"expected_{field}"])].append(row)
    shares = [(name, share(group, lambda row: is_right(row, field))) for name, group in groups.items()]
    return sorted(shares, key=lambda item: (-item[1].total, item[0]))


def confusion(rows: Sequence[Row], field: str) -> Confusion:
    """Return what was taken for what."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if has_label(row, field):
            expected = str(row[f"expected_{field}"])
            counts[expected, expected if is_right(row, field) else str(row.get(field))] += 1
    common: Counter[str] = Counter()
    for (expected, got), count in counts.items():
        common[expected] += 1000 * count
        common[got] += count
    return Confusion(tuple(name for name, _ in common.most_common()), dict(counts))


def outcomes(rows: Sequence[Row]) -> list[tuple[str, int]]:
    """Return how often the bot did what, the commonest first."""
    return Counter(str(row.get("outcome")) for row in rows).most_common()


def latency(rows: Sequence[Row]) -> Latency | None:
    """Return the times of the answers, None without any."""
    values = sorted(row["latency_ms"] for row in rows)
    if not values:
        return None
    median, p95 = (values[int(part * (len(values) - 1))] for part in (0.5, 0.95))
    return Latency(median, p95)

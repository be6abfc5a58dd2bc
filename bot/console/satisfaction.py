"""How satisfied citizens are, as the dashboard and its files show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.console.charts import Figure, LineChart, Tile, line_chart, share, shares
from bot.console.sheets import Cell, Sheet
from bot.console.words import Words
from bot.helpdesk.life_cycle import SCORES
from bot.services.figures import Bar, SatisfactionFigures, Scores

BEST = SCORES[-1]


@dataclass(frozen=True)
class SatisfactionView:
    """The ratings of a period.

    Attributes:
        is_asked: Whether any citizen was asked for a rating.
        chart: The mean score of each day, one line for each kind; None when nobody answered.
        days: The same as a table.
        figures: How often each score was given; ratings by kind, right, region and channel; results of follow-ups.
    """

    tile: Tile
    is_asked: bool
    chart: LineChart | None
    days: Sheet
    figures: list[Figure]

    @property
    def sheets(self) -> list[Sheet]:
        """Return all of it for a file."""
        return [self.days, *(Sheet(figure.title, figure.head, figure.rows) for figure in self.figures)]


def satisfaction_view(figures: SatisfactionFigures, words: Words) -> SatisfactionView:
    """Return the ratings of a period in words, tables and a chart."""
    return SatisfactionView(
        tile=_tile(figures.total, words),
        is_asked=figures.total.asked > 0,
        chart=_chart(figures, words) if figures.total.rated else None,
        days=_days(figures, words),
        figures=[
            _scores(figures.total, words),
            _split("by_subject", [kind for kind in figures.by_subject if kind.asked], words, "satisfaction"),
            _split("by_right", figures.by_right, words, "rights"),
            _split("by_region", figures.by_region, words),
            _split("by_channel", figures.by_channel, words, "channels"),
            _follow_ups(figures.follow_ups, words),
        ],
    )


def _tile(total: Scores, words: Words) -> Tile:
    mean = total.mean
    value = words("dashboard.none") if mean is None else words("satisfaction.points", mean=f"{mean:.2f}")
    part = share(total.rated, total.asked)
    note = words("satisfaction.nobody_asked")
    if part is not None:
        note = words("satisfaction.note", asked=total.asked, rated=total.rated, share=f"{part:g}%")
    return Tile(words("satisfaction.title"), value, note)


def _chart(figures: SatisfactionFigures, words: Words) -> LineChart:
    labels = [(day.key or "")[5:] for day in next(iter(figures.by_day.values()))]
    series = [(words(f"satisfaction.{subject}"), [day.mean for day in days]) for subject, days in figures.by_day.items()]
    return line_chart(labels, series, top=BEST)


def _days(figures: SatisfactionFigures, words: Words) -> Sheet:
    rows = [
        [kinds[0].key, *(cell for day in kinds for cell in (_mean(day), day.rated, day.asked))]
        for kinds in zip(*figures.by_day.values(), strict=True)
    ]
    return Sheet(words("satisfaction.figures.days"), words("satisfaction.heads.days").split("|"), rows)


def _scores(total: Scores, words: Words) -> Figure:
    """Return how often each score was given, the best first."""
    found = list(zip(SCORES, total.counts, strict=True))[::-1] if total.rated else []
    rows = [[words(f"satisfaction.scores.{score}"), count, share(count, total.rated)] for score, count in found]
    return _figure("scores", rows, shares([count for _, count in found]), words)


def _split(key: str, groups: Sequence[Scores], words: Words, names: str = "") -> Figure:
    def name(group: Scores) -> str:
        if group.key is None:
            return words("satisfaction.without")
        return words(f"{names}.{group.key}") if names else group.key

    rows = [
        [name(group), _mean(group), group.rated, group.asked, share(group.rated, group.asked), *group.counts[::-1]]
        for group in groups
    ]
    return _figure(key, rows, [round(100 * (group.mean or 0) / BEST, 1) for group in groups], words)


def _follow_ups(bars: Sequence[Bar], words: Words) -> Figure:
    rows = [[words(f"life_cycle.outcomes.{bar.key}"), bar.count] for bar in bars]
    return _figure("follow_ups", rows, shares([bar.count for bar in bars]), words)


def _figure(key: str, rows: list[list[Cell]], bars: list[float], words: Words) -> Figure:
    title, head = words(f"satisfaction.figures.{key}"), words(f"satisfaction.heads.{key}").split("|")
    return Figure(key=f"satisfaction_{key}", title=title, head=head, rows=rows, bars=bars)


def _mean(scores: Scores) -> float | None:
    return None if scores.mean is None else round(scores.mean, 2)

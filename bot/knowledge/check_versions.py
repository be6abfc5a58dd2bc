"""The part of the check that looks at the versions of one answer, and at days without any."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path

from bot.knowledge.articles import Article
from bot.knowledge.notices import NOTICE_AHEAD
from bot.knowledge.problems import Report


def check_versions(articles: Iterable[Article], report_for: Callable[[Path], Report], today: date) -> None:
    """Report versions that do not fit their base, overlap, or leave days without an answer.

    Args:
        articles: Bases and versions.
        report_for: Gives the function with which to report on a file.
        today: An answer that ends within a year of it, and has no later version, is a warning.
    """
    articles = list(articles)
    families = {article.id: [article] for article in articles if article.version_of is None}
    for article in articles:
        if article.version_of is None:
            continue
        report = report_for(article.path)
        family = families.get(article.version_of)
        if family is None:
            report("version_base", base=article.version_of)
            continue
        _check_fit(article, family[0], report)
        family.append(article)
    for family in families.values():
        _check_overlaps(family, report_for)
        _check_ends(family, report_for, today)


def _check_fit(version: Article, base: Article, report: Report) -> None:
    if not re.fullmatch(rf"{re.escape(base.id)}_\d{{4}}", version.id):
        report("version_id", base=base.id, id=version.id)
    if (version.topic, version.rights) != (base.topic, base.rights):
        report("version_differs", base=base.id)
    if version.questions:
        report("version_questions", base=base.id)


def _check_overlaps(family: Sequence[Article], report_for: Callable[[Path], Report]) -> None:
    for first, second in combinations(sorted(family, key=lambda article: article.valid_from), 2):
        if first.valid_on(second.valid_from):
            report_for(second.path)("version_overlap", other=first.id, day=second.valid_from)


def _check_ends(family: Sequence[Article], report_for: Callable[[Path], Report], today: date) -> None:
    for article in family:
        if article.valid_to is None or article.valid_to - today >= NOTICE_AHEAD:
            continue
        day = article.valid_to + timedelta(days=1)
        begins_later = any(other.valid_from > article.valid_to and day <= today for other in family)
        if not begins_later and not any(other.valid_on(day) for other in family):
            report_for(article.path)("answer_ends", day=day, last=article.valid_to)

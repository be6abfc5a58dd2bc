"""Which deadline a sentence speaks of, and how the document came."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.knowledge.deadlines import Rule

_RIGHTS = {
    "patent": re.compile(r"专利|发明|实用新型|外观设计|pct|PCT"),
    "trademark": re.compile(r"商标|撤三|初审公告|注册证"),
    "copyright": re.compile(r"著作权|版权|软著|软件|作品"),
    "layout_design": re.compile(r"布图"),
    "plant_variety": re.compile(r"品种"),
}
_MOST = 8
_SERVICES = (
    ("received", re.compile(r"收到|签收|送达之日|拿到")),
    ("post", re.compile(r"邮寄|寄出|挂号|平信")),
    ("electronic", re.compile(r"电子(?:送达|方式|形式|发文|申请)|网上送达|系统里")),
    ("handed", re.compile(r"当面|直接(?:送交|交付|领取)|现场领")),
)


def rules_named(text: str, rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules that a sentence names best, at most a handful; none if it names none.

    A rule of another right than the one spoken of is not meant.
    """
    spoken = {right for right, pattern in _RIGHTS.items() if pattern.search(text)}
    scored = [
        (score, rule)
        for rule in rules
        if not spoken or rule.right not in _RIGHTS or rule.right in spoken
        if (score := _score(rule, text))
    ]
    best = max((score for score, _ in scored), default=0)
    if spoken:
        tops = [rule for score, rule in scored if score == best]
        return ([rule for rule in tops if rule.right in spoken] or tops)[:_MOST]
    # The same words stand for different periods of different rights: the best of each is offered.
    highest = {rule.right: max(s for s, r in scored if r.right == rule.right) for _, rule in scored}
    return [rule for score, rule in scored if score == highest[rule.right] and 2 * score >= best][:_MOST]


def _score(rule: Rule, text: str) -> int:
    """Return how much of a sentence names a rule: the length of its best group of words."""
    groups = (group for group in rule.words if all(word in text for word in group))
    return max((sum(map(len, group)) for group in groups), default=0)


def service_named(text: str) -> str | None:
    """Return how the document came if the sentence says so; a day of receipt decides over all else."""
    return next((name for name, pattern in _SERVICES if pattern.search(text)), None)

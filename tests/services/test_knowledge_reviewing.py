"""Which articles somebody should look at."""

from dataclasses import replace
from datetime import date, timedelta

from bot.knowledge.reviewing import Due, Why, last_day, to_review
from tests.services.test_knowledge_versions import BASE, OLD_DAY, VERSION, load  # noqa: F401  (fixture)

TODAY = date(2026, 11, 20)


def test_an_article_ends_with_its_last_version(load):  # noqa: F811
    alone = load(BASE)
    assert to_review(alone, TODAY) == [Due("mark_opposition", BASE["title"], Why.ENDING, OLD_DAY)]
    assert to_review(alone, OLD_DAY - timedelta(days=91)) == []


def test_an_article_with_its_next_version_does_not_end(load):  # noqa: F811
    knowledge = load(BASE, VERSION)
    assert to_review(knowledge, TODAY) == []
    assert last_day(knowledge.family("mark_opposition"), TODAY) is None
    assert last_day(load_gap(knowledge), TODAY) == OLD_DAY, "a gap is an end"


def load_gap(knowledge):
    """The versions of an article of which the later begins two days after the earlier one's end."""
    base, version = knowledge.family("mark_opposition")
    return [base, replace(version, valid_from=OLD_DAY + timedelta(days=2))]


def test_what_cannot_be_answered_comes_before_what_ends_and_what_is_old(load):  # noqa: F811
    ending = BASE | {"id": "mark_ending", "questions": "[异议何时截止]"}
    old = BASE | {"id": "mark_old", "valid_to": "null", "citations": VERSION["citations"], "valid_from": "2026-01-01", "questions": "[甲]"}
    knowledge = load(ending, old)
    assert [(due.article_id, due.why) for due in to_review(knowledge, TODAY)] == [
        ("mark_old", Why.UNAVAILABLE), ("mark_ending", Why.ENDING)
    ]  # fmt: skip


def test_a_review_holds_half_a_year(load):  # noqa: F811
    knowledge = load(BASE, VERSION)
    reviewed = knowledge.family("mark_opposition")[1].reviewed
    late = max(reviewed + timedelta(days=181), date(2027, 1, 2))
    assert to_review(knowledge, late) == [Due("mark_opposition", VERSION["title"], Why.OLD, reviewed)]

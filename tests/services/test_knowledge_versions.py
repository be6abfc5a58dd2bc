"""One answer in several versions: the day decides which of them speaks."""

from datetime import date

import pytest

from bot.knowledge import KnowledgeBase
from tests.services.test_knowledge_base import REGISTRY, article_text, marks

OLD_DAY, NEW_DAY = date(2026, 12, 31), date(2027, 1, 1)
BASE = {
    "id": "mark_opposition",
    "title": "商标异议期多久？",
    "questions": "[商标公告后几个月内能提异议]",
    "citations": marks("mark-law-2019"),
    "valid_to": "2026-12-31",
    "body": "三个月。\n\n旧法。",
}
VERSION = BASE | {
    "id": "mark_opposition_2027",
    "version_of": "mark_opposition",
    "questions": "[]",
    "citations": marks("mark-law-2026"),
    "valid_from": "2027-01-01",
    "valid_to": "null",
    "body": "二个月。\n\n新法。",
}


@pytest.fixture
def load(tmp_path):
    """Write articles given as front matter changes, and load the knowledge base."""

    def load(*articles: dict) -> KnowledgeBase:
        (tmp_path / "laws").mkdir()
        (tmp_path / "laws" / "registry.yml").write_text(REGISTRY, encoding="utf-8")
        (tmp_path / "articles" / "law").mkdir(parents=True)
        for changes in articles:
            path = tmp_path / "articles" / "law" / f"{changes['id']}.md"
            path.write_text(article_text(**changes), encoding="utf-8")
        return KnowledgeBase.load(tmp_path)

    return load


def test_each_day_has_the_version_of_that_day_under_the_same_id(load):
    base = load(BASE, VERSION)
    for day, short, law in ((OLD_DAY, "三个月。", "mark-law-2019"), (NEW_DAY, "二个月。", "mark-law-2026")):
        answer = base.answer("mark_opposition", day)
        assert (answer.article_id, answer.short) == ("mark_opposition", short)
        assert [cited.law_id for cited in answer.citations] == [law]


def test_search_finds_the_base_on_days_of_either_version(load):
    base = load(BASE, VERSION)
    for day in (OLD_DAY, NEW_DAY):
        assert [hit.article_id for hit in base.search("商标公告几个月能提异议", 3, day)] == [
            "mark_opposition"
        ]


def test_version_is_no_article_of_its_own(load):
    base = load(BASE, VERSION)
    assert list(base.articles) == ["mark_opposition"]
    assert base.article("mark_opposition_2027") is None
    assert base.answer("mark_opposition_2027", NEW_DAY) is None


def test_button_to_an_answer_stays_while_any_version_of_it_speaks(load):
    other = {"id": "other", "next": "[mark_opposition, human]"}
    assert "mark_opposition" in load(BASE, VERSION, other).answer("other", NEW_DAY).next


def test_notice_says_what_the_answer_will_be(load):
    notice = load(BASE, VERSION).answer("mark_opposition", OLD_DAY).notice
    assert "2027年1月1日" in notice
    assert "二个月。" in notice


def test_notice_names_the_new_law_when_the_short_answer_stays(load):
    base = load(BASE, VERSION | {"body": BASE["body"]})
    assert "商标法（2026修订）" in base.answer("mark_opposition", OLD_DAY).notice


def test_answer_that_cites_both_laws_says_that_it_was_compared(load):
    both = {"citations": marks("mark-law-2019", "mark-law-2026"), "valid_to": "null"}
    base = load(BASE | both)
    assert "已对照新法" in base.answer("mark_opposition", OLD_DAY).notice
    assert base.answer("mark_opposition", NEW_DAY).notice is None


def test_version_without_base_is_listed_and_left_out(load):
    base = load(VERSION)
    assert base.articles == {}
    assert "version_of" in str(base.problems[0])

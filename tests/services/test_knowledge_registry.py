"""Making the register of laws from a folder of official texts."""

from datetime import date

import pytest

from bot.knowledge.build_registry import build
from bot.knowledge.laws import LawRegistry

INDEX = """
as_of: "2026-11-20"
laws:
  - {id: old-law, title: 旧法（2019）, short_title: 旧法（2019，旧）, issuer: 某机关, promulgated: "2019-01-01",
     effective: "2019-02-01", effective_until: "2026-12-31", text_scope: 全文, articles: 2}
  - {id: new-law, title: 新法, short_title: 新法, issuer: 某机关, effective: "2027-01-01", text_scope: 全文, articles: 3}
  - {id: part, title: 法典, short_title: 法典（相关节选）, issuer: 某机关, promulgated: "2020-01-01",
     effective: "2021-01-01", text_scope: 节选, articles: 4}
  - {id: reply, title: 批复, short_title: 批复, issuer: 某院, promulgated: "2021-06-03",
     effective: "2021-06-03", text_scope: 全文, articles: 0}
superseded_or_changing:
  - {old_id: old-law, successor_id: new-law}
  - {old_id: null, successor_id: part}
"""
TEXTS = {
    "old-law": "第一条 甲。\n\n第二条 乙。\n",
    "new-law": "第一条 甲。\n\n第二条 乙。\n\n第二条之一 丙。\n",
    "part": "第五条 甲。\n\n第六条 乙。\n\n第七条 丙。\n\n第二百一十九条之一 丁。\n",
    "reply": "你院请示收悉。\n\n此复。\n",
}


@pytest.fixture
def laws_dir(tmp_path):
    (tmp_path / "INDEX.yml").write_text(INDEX, encoding="utf-8")
    for law_id, text in TEXTS.items():
        (tmp_path / f"{law_id}.md").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def registry(laws_dir):
    (laws_dir / "laws").mkdir()
    (laws_dir / "laws" / "registry.yml").write_text(build(laws_dir), encoding="utf-8")
    return LawRegistry.load(laws_dir)


def test_versions_are_tied_and_dated(registry):
    old = registry.get("old-law")
    assert (old.superseded_by, old.effective_until) == ("new-law", date(2026, 12, 31))
    assert registry.family_of("old-law") == "new-law"
    assert registry.get("new-law").promulgated is None


def test_inserted_articles_and_excerpts_are_listed(registry):
    assert registry.get("new-law").numbers == {"2-1"}
    assert registry.get("part").numbers == {"5", "6", "7", "219-1"}
    assert not registry.get("part").has_article("4")
    assert registry.get("part").short_title == "法典"


def test_text_without_articles_is_cited_as_a_whole(registry):
    assert registry.get("reply").has_article("")
    assert not registry.get("reply").has_article("1")


def test_no_words_of_the_laws_are_taken_over(laws_dir):
    assert "甲" not in build(laws_dir)


@pytest.mark.parametrize(("file", "text"), [("new-law.md", "第一条 甲。\n"), ("new-law.md", None)])
def test_text_that_does_not_fit_the_index_stops_it(laws_dir, file, text):
    (laws_dir / file).unlink()
    if text:
        (laws_dir / file).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="new-law"):
        build(laws_dir)

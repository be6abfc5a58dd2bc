"""Answers on a day, their citations and notices, and search, over a small knowledge base."""

from datetime import date

import pytest

from bot.knowledge import KnowledgeBase
from bot.knowledge.articles import parse_article
from bot.knowledge.datafile import DataError
from bot.knowledge.laws import LawRegistry

REGISTRY = """
as_of: 2026-11-20
laws:
  - {id: patent-law-2020, title: 中华人民共和国专利法, short_title: 专利法, issuer: 全国人大常委会,
     promulgated: 2020-10-17, effective: 2021-06-01, articles: 82, text_scope: full}
  - {id: mark-law-2019, title: 中华人民共和国商标法, short_title: 商标法, issuer: 全国人大常委会,
     effective: 2019-11-01, effective_until: 2026-12-31, superseded_by: mark-law-2026, articles: 73, text_scope: full}
  - {id: mark-law-2026, title: 中华人民共和国商标法（2026年修订）, short_title: 商标法（2026修订）,
     issuer: 全国人大常委会, effective: 2027-01-01, articles: 87, text_scope: full}
  - {id: old-rules, title: 旧办法, short_title: 旧办法, issuer: 某局,
     effective: 2020-01-01, effective_until: 2027-06-30, articles: 9, text_scope: full}
  - {id: crime-excerpt, title: 刑法, short_title: 刑法, issuer: 全国人大, effective: 2021-03-01, articles: 3,
     numbers: ["213..214", "219-1"], text_scope: excerpt}
"""

TODAY = date(2026, 11, 20)


def article_text(**changes) -> str:
    values = {
        "id": "patent_term",
        "title": "专利权的保护期有多长？",
        "topic": "law",
        "rights": "[patent]",
        "questions": "[专利能保护几年, 发明专利多少年到期]",
        "citations": '[{law: patent-law-2020, article: "42", paragraph: 1, quote: 期限为二十年}]',
        "valid_from": "2021-06-01",
        "reviewed": "2026-11-20",
        "next": "[form:complaint, human]",
        "body": "发明二十年。\n\n从申请日起算。",
    } | changes
    body = values.pop("body")
    front = "\n".join(f"{key}: {value}" for key, value in values.items())
    return f"---\n{front}\n---\n{body}\n"


@pytest.fixture
def make_base(tmp_path):
    """Write articles given as front matter changes, and load the knowledge base."""

    def make(*articles: dict) -> KnowledgeBase:
        (tmp_path / "laws").mkdir()
        (tmp_path / "laws" / "registry.yml").write_text(REGISTRY, encoding="utf-8")
        folder = tmp_path / "articles" / "law"
        folder.mkdir(parents=True)
        for number, changes in enumerate(articles):
            name = changes.get("id", f"patent_term{number or ''}")
            (folder / f"{name}.md").write_text(article_text(**{"id": name} | changes), encoding="utf-8")
        return KnowledgeBase.load(tmp_path)

    return make


def marks(*laws: str) -> str:
    """Return citations of the same article in several laws."""
    return "[" + ", ".join(f'{{law: {law}, article: "40", quote: 有效期满}}' for law in laws) + "]"


# --- answers ---


def test_answer_names_law_article_and_effective_day(make_base):
    answer = make_base({}).answer("patent_term", TODAY)
    assert answer.short == "发明二十年。"
    assert answer.details == "从申请日起算。"
    (cited,) = answer.citations
    assert (cited.law, cited.article, cited.effective, cited.quote) == (
        "专利法",
        "第四十二条",
        date(2021, 6, 1),
        "期限为二十年",
    )
    assert answer.notice is None


def test_passages_of_one_provision_are_one_citation(make_base):
    citations = (
        '[{law: patent-law-2020, article: "42", quote: 二十年}, {law: patent-law-2020, article: "42", quote: 十年},'
        ' {law: crime-excerpt, article: "219-1", quote: 五年}]'
    )
    cited = make_base({"citations": citations}).answer("patent_term", TODAY).citations
    assert [(one.article, one.quote) for one in cited] == [("第四十二条", "二十年\n十年"), ("第二百一十九条之一", "五年")]


def test_unknown_article_has_no_answer(make_base):
    assert make_base({}).answer("nonsense", TODAY) is None


def test_no_answer_before_or_after_its_validity(make_base):
    base = make_base({"valid_to": "2026-12-31"})
    assert base.answer("patent_term", date(2021, 5, 31)) is None
    assert base.answer("patent_term", date(2026, 12, 31)) is not None
    assert base.answer("patent_term", date(2027, 1, 1)) is None


def test_no_answer_when_a_cited_law_is_not_in_force(make_base):
    base = make_base({"citations": marks("mark-law-2019", "patent-law-2020")})
    assert base.answer("patent_term", date(2026, 12, 31)) is not None
    assert base.answer("patent_term", date(2027, 1, 1)) is None


def test_no_answer_when_a_cited_law_is_unknown(make_base):
    assert make_base({"citations": marks("lost-law")}).answer("patent_term", TODAY) is None


def test_article_that_cites_both_versions_answers_with_the_one_in_force(make_base):
    base = make_base({"citations": marks("mark-law-2019", "mark-law-2026")})
    assert [one.law_id for one in base.answer("patent_term", TODAY).citations] == ["mark-law-2019"]
    assert [one.law_id for one in base.answer("patent_term", date(2027, 1, 1)).citations] == ["mark-law-2026"]


def test_notice_says_which_law_comes_within_a_year(make_base):
    base = make_base({"citations": marks("mark-law-2019")})
    notice = base.answer("patent_term", TODAY).notice
    assert "2027年1月1日" in notice
    assert "商标法（2026修订）" in notice
    assert base.answer("patent_term", date(2025, 12, 31)) is not None
    assert base.answer("patent_term", date(2025, 12, 31)).notice is None
    assert base.answer("patent_term", date(2026, 1, 1)).notice is not None


def test_notice_of_a_law_that_ends_without_successor(make_base):
    notice = make_base({"citations": marks("old-rules")}).answer("patent_term", TODAY).notice
    assert "2027年7月1日" in notice


def test_follow_ups_that_cannot_be_answered_are_not_offered(make_base):
    base = make_base(
        {"next": "[later, ended, lost, form:assistance, human]"},
        {"id": "later"},
        {"id": "ended", "valid_to": "2025-12-31"},
    )
    assert base.answer("patent_term", TODAY).next == ["later", "form:assistance", "human"]


def test_broken_file_is_listed_and_the_rest_still_answers(make_base, tmp_path):
    base = make_base({}, {"id": "broken", "topic": "nonsense"})
    assert base.answer("patent_term", TODAY) is not None
    (problem,) = base.problems
    assert "broken.md" in str(problem)
    assert "topic" in str(problem)


def test_second_article_with_the_same_id_is_listed(make_base):
    base = make_base({}, {})
    assert len(base.articles) == 2
    assert base.problems == ()
    (base.articles["patent_term"].path.parent / "zz.md").write_text(article_text(), encoding="utf-8")
    again = KnowledgeBase.load(base.articles["patent_term"].path.parents[2])
    assert "patent_term" in str(again.problems[0])


# --- search ---


def test_search_finds_the_article_asked_for_even_with_a_typo(make_base):
    base = make_base(
        {},
        {"id": "mark_fee", "title": "商标注册要多少钱？", "questions": "[注册商标收费标准, 商标官费]"},
        {"id": "copy_term", "title": "著作权保护多久？", "questions": "[作者死后版权还有吗]"},
    )
    assert [hit.article_id for hit in base.search("专力能保护几年啊", 3, TODAY)][0] == "patent_term"
    assert base.search("ＶＣＤ版权", 1, TODAY)[0].article_id == "copy_term"
    assert base.search("注册商标 收费", 3, TODAY)[0].article_id == "mark_fee"


def test_search_leaves_out_what_cannot_be_answered_on_the_day(make_base):
    base = make_base({"valid_to": "2026-12-31"})
    assert base.search("专利保护几年", 5, TODAY)
    assert base.search("专利保护几年", 5, date(2027, 1, 1)) == []


@pytest.mark.parametrize("text", ["", "？！", "  ", "😀", "zzz"])
def test_search_for_nothing_finds_nothing(make_base, text):
    assert make_base({}).search(text, 5, TODAY) == []


def test_search_gives_no_more_than_asked_for_best_first(make_base):
    hits = make_base({}, {"id": "b"}, {"id": "c"}).search("专利", 2, TODAY)
    assert len(hits) == 2
    assert hits[0].score >= hits[1].score


# --- reading articles ---


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"topic": "cooking"}, "topic"),
        ({"rights": "[patent, cars]"}, "rights"),
        ({"rights": "[]"}, "rights"),
        ({"questions": "none"}, "questions"),
        ({"valid_from": "soon"}, "valid_from"),
        ({"reviewed": ""}, "reviewed"),
        ({"citations": "[{law: patent-law-2020, article: 42, quote: 年}]"}, "citations[0].article"),
        ({"citations": '[{law: patent-law-2020, article: "42"}]'}, "citations[0].quote"),
        ({"citations": '[{law: patent-law-2020, article: "42", quote: 年, page: 3}]'}, "citations[0].page"),
        ({"colour": "red"}, "colour"),
        ({"title": "[a, b"}, "YAML"),
        ({"title": "x\ntitle: y"}, "given twice"),
    ],
)
def test_mistake_in_an_article_is_reported_with_file_and_key(tmp_path, changes, named):
    with pytest.raises(DataError) as error:
        parse_article(article_text(**changes), tmp_path / "patent_term.md")
    assert "patent_term.md" in str(error.value)
    assert named in str(error.value)


def test_text_without_front_matter_is_no_article(tmp_path):
    with pytest.raises(DataError, match="front matter"):
        parse_article("发明二十年。", tmp_path / "a.md")


# --- the register ---


def test_excerpt_has_only_its_listed_articles(make_base):
    law = make_base({}).laws.get("crime-excerpt")
    assert [law.has_article(number) for number in ("213", "214", "219-1", "215", "1")] == [True, True, True, False, False]


def test_full_text_has_its_articles_and_no_more(make_base):
    law = make_base({}).laws.get("patent-law-2020")
    assert [law.has_article(number) for number in ("1", "82", "83", "0", "42-1", "")] == [True, True] + [False] * 4


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("superseded_by: mark-law-2026", "superseded_by: lost-law", "superseded_by"),
        ("id: old-rules", "id: mark-law-2026", "twice"),
        ("effective: 2020-01-01", "effective: 早", "effective"),
        ("text_scope: excerpt", "text_scope: some", "text_scope"),
        ("213..214", "213..x", "numbers"),
    ],
)
def test_mistake_in_the_register_is_reported_with_its_key(tmp_path, old, new, named):
    (tmp_path / "laws").mkdir()
    (tmp_path / "laws" / "registry.yml").write_text(REGISTRY.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=named):
        LawRegistry.load(tmp_path)

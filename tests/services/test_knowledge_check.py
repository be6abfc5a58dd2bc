"""The checker finds each kind of mistake, and nothing in an article that is right."""

from datetime import date

import pytest

from bot.knowledge.check import check_knowledge
from bot.knowledge.problems import Severity

TODAY = date(2026, 11, 20)
REGISTRY = """
as_of: 2026-11-20
laws:
  - {id: test-law, title: 中华人民共和国测试法, short_title: 测试法, issuer: 全国人大常委会,
     effective: 2021-06-01, articles: 3, text_scope: full}
  - {id: mark-2019, title: 商标法, short_title: 商标法, issuer: 全国人大常委会,
     effective: 2019-11-01, effective_until: 2026-12-31, superseded_by: mark-2026, articles: 1, text_scope: full}
  - {id: mark-2026, title: 商标法（2026修订）, short_title: 商标法（2026修订）, issuer: 全国人大常委会,
     effective: 2027-01-01, articles: 2, text_scope: full}
"""
LAWS = {
    "test-law": "第一条 保护期限为二十年，自申请日起计算。\n\n缴费期为三十日。\n\n第二条 罚款五万元以下。\n\n第三条 附则。\n",
    "mark-2019": "第一条 异议期为三个月。\n",
    "mark-2026": "第一条 总则。\n\n第二条 异议期为二个月。\n",
}
QUESTIONS = ["怎么保护", "保护几年", "多久到期", "年限多长", "能管多少年", "到期怎么办", "什么时候过期", "几年失效"]


def citation(law="test-law", article="1", quote="保护期限为二十年", paragraph=None) -> str:
    place = f", paragraph: {paragraph}" if paragraph else ""
    return f'{{law: {law}, article: "{article}"{place}, quote: "{quote}"}}'


@pytest.fixture
def check(tmp_path):
    """Write articles given as changes to a right one, and return the findings as (code, severity)."""
    root, texts = tmp_path / "kb", tmp_path / "texts"
    (root / "laws").mkdir(parents=True)
    (root / "laws" / "registry.yml").write_text(REGISTRY, encoding="utf-8")
    texts.mkdir()
    for law_id, text in LAWS.items():
        (texts / f"{law_id}.md").write_text(text, encoding="utf-8")

    def run(*articles: dict, texts_dir=texts):
        for changes in articles:
            write_article(root, **changes)
        return check_knowledge(root, texts_dir, TODAY)

    return run


def write_article(root, *, folder="law", file=None, body=None, **changes):
    values = {
        "id": "term",
        "title": "保护期多长？",
        "topic": "law",
        "rights": "[patent]",
        "questions": QUESTIONS,
        "citations": f"[{citation()}]",
        "valid_from": "2021-06-01",
        "reviewed": "2026-11-20",
        "next": "[form:complaint, human]",
    } | changes
    path = root / "articles" / folder / f"{file or values['id']}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    front = "\n".join(f"{key}: {value}" for key, value in values.items())
    text = body or "保护期二十年。\n\n自申请日起算20年（测试法第一条）。"
    path.write_text(f"---\n{front}\n---\n{text}\n", encoding="utf-8")


def codes(report) -> list[str]:
    return [problem.code for problem in report.problems]


def test_right_article_has_no_findings(check):
    report = check({})
    assert report.problems == []
    assert report.is_publishable
    assert report.article_count == 1
    assert report.skipped == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"topic": "cooking"}, "unreadable"),
        ({"id": "Term-1"}, "id_form"),
        ({"file": "other"}, "id_not_file_name"),
        ({"folder": "procedure"}, "topic_not_folder"),
        ({"title": "长" * 31}, "title_long"),
        ({"questions": QUESTIONS[:7]}, "questions_count"),
        ({"questions": [*QUESTIONS, "怎么 保护？"]}, "question_twice"),
        ({"body": "答" * 121 + "\n\n详。"}, "short_long"),
        ({"body": "二十年。"}, "details_missing"),
        ({"body": "二十年。\n\n# 标题"}, "markup"),
        ({"body": "二十年。\n\n| 表 | 格 |"}, "markup"),
        ({"body": "二十年。\n\n见[这里](http://example.org)"}, "markup"),
        ({"body": "二十年。\n\n<b>粗</b>"}, "markup"),
        ({"next": "[human]"}, "next_count"),
        ({"next": "[lost_article, human]"}, "next_unknown"),
        ({"next": "[term, human]"}, "next_self"),
        ({"citations": "[]", "body": "答。\n\n详。"}, "no_citation"),
        ({"citations": f"[{citation(law='lost-law')}]", "body": "答。\n\n详。"}, "law_unknown"),
        ({"citations": f"[{citation()}, {citation(article='9')}]"}, "article_unknown"),
        ({"citations": f"[{citation(paragraph=5)}]"}, "paragraph_unknown"),
        ({"citations": f"[{citation(paragraph=2)}]"}, "quote_other_paragraph"),
        ({"citations": f"[{citation(quote='保护期限是二十年')}]"}, "quote_not_verbatim"),
        ({"citations": f"[{citation(quote='年' * 41)}]"}, "quote_long"),
        ({"valid_from": "2021-05-31"}, "law_not_in_force"),
        ({"valid_to": "2020-12-31"}, "validity_reversed"),
        ({"body": "保护期二十五年。\n\n自申请日起算。"}, "figure_unsupported"),
        ({"body": "二十年。\n\n罚款五万元以下。"}, "figure_unsupported"),
        ({"body": "二十年。\n\n见测试法第九条。"}, "mention_unknown"),
        ({"body": "二十年。\n\n罚款见测试法第二条。"}, "mention_uncited"),
        ({"reviewed": "2025-11-19"}, "review_overdue"),
        ({"reviewed": "2026-11-21"}, "review_future"),
    ],
)
def test_each_mistake_is_found(check, changes, code):
    report = check(changes)
    assert code in codes(report)
    assert all(problem.path.parts[0] == "articles" for problem in report.problems)


def test_quotation_may_differ_in_width_and_space_only(check):
    quote = "二十年, 自申请日起计算"
    assert check({"citations": f"[{citation(quote=quote, paragraph=1)}]"}).problems == []


def test_quotation_without_paragraph_may_run_over_two(check):
    assert check({"citations": f"[{citation(quote='起计算。缴费期')}]"}).problems == []
    report = check({"citations": f"[{citation(quote='起计算。缴费期', paragraph=1)}]"})
    assert codes(report) == ["quote_not_verbatim"]


def test_figure_of_another_paragraph_of_a_cited_article_stands(check):
    assert check({"body": "缴费期30天。\n\n自申请日起算。"}).problems == []


def test_review_of_exactly_a_year_ago_is_not_overdue(check):
    assert check({"reviewed": "2025-11-20"}).problems == []


def test_same_question_in_two_articles_is_found_whatever_its_punctuation(check):
    report = check({}, {"id": "z_other", "title": "另一个问题", "questions": ["怎么，保护！", *map(str, range(8))]})
    assert codes(report) == ["question_twice"]
    assert "term" in report.problems[0].message


def test_same_id_in_two_files_is_found(check):
    other = {"file": "z_other", "title": "别的", "questions": [f"问{n}" for n in range(8)]}
    assert "id_twice" in codes(check({}, other))


def test_same_title_in_two_articles_is_found(check):
    other = {"id": "z_other", "title": "保护期多长", "questions": [f"问{n}" for n in range(8)]}
    assert codes(check({}, other)) == ["title_twice"]


# --- laws that end ---

MARK = {"valid_from": "2021-06-01", "body": "异议期三个月。\n\n从公告日起算。"}


def test_article_without_last_day_on_a_law_that_ends_is_found(check):
    report = check(MARK | {"citations": f"[{citation('mark-2019', quote='异议期为三个月')}]"})
    assert codes(report) == ["law_ending"]
    assert not report.is_publishable


def test_article_that_ends_with_its_law_lacks_only_a_later_version(check):
    changes = MARK | {"citations": f"[{citation('mark-2019', quote='异议期为三个月')}]", "valid_to": "2026-12-31"}
    report = check(changes)
    assert codes(report) == ["answer_ends"]
    assert report.problems[0].severity is Severity.WARNING


def test_article_meant_to_outlive_its_law_is_an_error(check):
    changes = MARK | {"citations": f"[{citation('mark-2019', quote='异议期为三个月')}]", "valid_to": "2027-12-31"}
    assert codes(check(changes)) == ["law_not_in_force"]


def test_figure_must_stand_in_each_version_that_speaks(check):
    both = f"[{citation('mark-2019', quote='三个月')}, {citation('mark-2026', '2', '二个月')}]"
    report = check(MARK | {"citations": both})
    assert codes(report) == ["figure_unsupported"]
    assert "2027-01-01" in report.problems[0].message


def test_figure_of_a_cited_version_to_come_may_be_told_beforehand(check):
    both = f"[{citation('mark-2019', quote='三个月')}, {citation('mark-2026', '2', '二个月')}]"
    body = "异议期三个月。\n\n2027年1月1日起缩短为二个月。"
    report = check(MARK | {"citations": both, "valid_to": "2026-12-31", "body": body})
    assert "figure_unsupported" not in codes(report)


# --- versions ---

OLD = MARK | {"citations": f"[{citation('mark-2019', quote='异议期为三个月')}]", "valid_to": "2026-12-31"}
NEW = {
    "id": "term_2027",
    "version_of": "term",
    "questions": [],
    "citations": f"[{citation('mark-2026', '2', '异议期为二个月')}]",
    "valid_from": "2027-01-01",
    "body": "异议期二个月。\n\n从公告日起算。",
}


def test_base_and_its_version_are_right_and_count_as_one(check):
    report = check(OLD, NEW)
    assert report.problems == []
    assert report.article_count == 1
    assert report.coverage.articles["law"] == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"version_of": "lost", "id": "lost_2027"}, "version_base"),
        ({"id": "term_new"}, "version_id"),
        ({"id": "other_2027"}, "version_id"),
        ({"rights": "[trademark]"}, "version_differs"),
        ({"topic": "procedure", "folder": "procedure"}, "version_differs"),
        ({"questions": ["新的问法"]}, "version_questions"),
        ({"valid_from": "2026-12-31"}, "version_overlap"),
        ({"valid_from": "2027-01-02"}, "answer_ends"),
        ({"valid_to": "2027-06-30"}, "answer_ends"),
        ({"citations": f"[{citation('mark-2019', quote='异议期为三个月')}]"}, "law_not_in_force"),
        ({"body": "异议期三个月。\n\n从公告日起算。"}, "figure_unsupported"),
    ],
)
def test_each_mistake_of_a_version_is_found(check, changes, code):
    assert code in codes(check(OLD, NEW | changes))


def test_version_of_a_version_is_no_version(check):
    report = check(OLD, NEW, NEW | {"id": "term_2027_2028", "version_of": "term_2027", "valid_from": "2028-01-01"})
    assert codes(report) == ["version_base"]


def test_buttons_name_the_base_never_a_version(check):
    report = check(OLD | {"next": "[term_2027, human]"}, NEW)
    assert codes(report) == ["next_unknown"]


def test_answer_that_ends_in_more_than_a_year_is_no_finding_yet(check):
    assert check({"valid_to": "2027-11-20"}).problems == []
    assert codes(check({"valid_to": "2027-11-19"})) == ["answer_ends"]


def test_question_that_is_the_title_of_another_article_is_found(check):
    other = {"id": "z_other", "title": "另一个问题", "questions": ["保护期多长", *(f"问{n}" for n in range(8))]}
    assert codes(check({}, other)) == ["question_is_title"]


# --- without texts ---


def test_without_texts_the_textual_checks_are_left_out_and_it_is_said(check):
    changes = {"citations": f"[{citation(quote='并非原文')}]", "body": "保护期九十九年。\n\n详。"}
    report = check(changes, texts_dir=None)
    assert report.problems == []
    assert len(report.skipped) == 1


def test_law_that_the_folder_of_texts_lacks_is_a_warning(check, tmp_path):
    (tmp_path / "texts" / "test-law.md").unlink()
    report = check({"body": "答。\n\n详。"})
    assert codes(report) == ["text_missing"]
    assert report.is_publishable


# --- coverage ---


def test_coverage_counts_articles_by_topic_and_right(check):
    report = check(
        {"rights": "[patent, trademark]"},
        {"id": "z_other", "title": "别的", "questions": [f"问{n}" for n in range(8)], "topic": "procedure",
         "folder": "procedure"},
    )  # fmt: skip
    heads, *rows = report.coverage.rows()
    table = {row[0]: dict(zip(heads, row, strict=True)) for row in rows}
    assert (table["law"]["patent"], table["law"]["trademark"], table["law"]["articles"]) == ("1", "1", "1")
    assert (table["procedure"]["patent"], table["overseas"]["articles"]) == ("1", "0")


def test_figures_of_a_policy_document_named_by_its_number_are_its_own() -> None:
    from bot.knowledge.check_sources import _without_policy

    text = "期限三个月。\n\n**条件**（国知发保字〔2020〕34号，2020年）：\n- 每年600件\n\n1. 近3年\n\n结案一年。"
    assert _without_policy(text) == "期限三个月。\n\n结案一年。"

"""Reading the words of laws: articles, paragraphs, items, inserted articles."""

from bot.knowledge.law_texts import WHOLE_TEXT, LawTexts, parse_law

LAW = """---
id: "test-law"
---

# 测试法

2020年1月1日 通过

## 第一章 总则

第一条 为了测试，制定本法。

第二条 有下列情形之一的，不予受理：

（一）没有请求人；

（二）没有证据。

前款所称证据，包括网页。

**第三条** 期限为三十日。

第三条之一　补充规定。

第二款的规定不适用于本条。
"""


def test_articles_are_found_under_their_numbers():
    assert list(parse_law(LAW)) == ["1", "2", "3", "3-1"]


def test_items_belong_to_the_paragraph_before_them():
    paragraphs = parse_law(LAW)["2"].paragraphs
    assert len(paragraphs) == 2
    assert paragraphs[0].endswith("（二）没有证据。")
    assert paragraphs[1].startswith("前款所称")


def test_bold_numbers_headings_and_front_matter_are_not_part_of_the_text():
    law = parse_law(LAW)
    assert law["3"].text == "期限为三十日。"
    assert "总则" not in "".join(provision.text for provision in law.values())


def test_inserted_article_has_its_own_paragraphs():
    assert len(parse_law(LAW)["3-1"].paragraphs) == 2


def test_line_that_only_mentions_an_article_does_not_begin_one():
    law = parse_law("第一条 定义。\n\n第二条第一款的规定，适用于本法。\n\n第二条 适用。\n")
    assert len(law["1"].paragraphs) == 2


def test_text_without_articles_is_one_provision():
    assert parse_law("# 批复\n\n你院请示收悉。\n\n此复。")[WHOLE_TEXT].paragraphs == ("你院请示收悉。", "此复。")


def test_texts_are_looked_up_by_law_and_number(tmp_path):
    (tmp_path / "test-law.md").write_text(LAW, encoding="utf-8")
    texts = LawTexts(tmp_path)
    assert texts.provision("test-law", "3").text == "期限为三十日。"
    assert texts.provision("test-law", "9") is None
    assert texts.provision("other-law", "1") is None

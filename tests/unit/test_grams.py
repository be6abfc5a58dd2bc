"""Cutting words into pairs of characters, and showing where a search hit."""

import pytest

from bot.services.search.grams import grams_of, highlights, readable, terms_of


def test_names_of_two_characters_are_one_pair() -> None:
    assert grams_of("张三") == ["张三"]


def test_pairs_do_not_reach_over_punctuation_or_blanks() -> None:
    assert grams_of("张三，李四 x1") == ["张三", "李四", "x1"]


def test_width_and_case_do_not_matter() -> None:
    assert grams_of("ＺＬ２０") == grams_of("zl20") == ["zl", "l2", "20"]


@pytest.mark.parametrize("typed", ["", " ", "三", "，。", "a_"])
def test_what_has_no_pair_has_no_grams(typed: str) -> None:
    assert grams_of(typed) == []


def test_every_word_between_blanks_is_a_term_of_its_own() -> None:
    assert terms_of(" 张三　水杯 张三 ") == ["张三", "水杯"]


def test_white_space_is_one_blank() -> None:
    assert readable("一\n\n二\t三") == "一 二 三"


def test_a_hit_is_shown_with_what_stands_around_it() -> None:
    text = "前" * 50 + "水杯" + "后" * 100
    pieces = highlights(text, ["水杯"])
    assert pieces == [("…", False), ("前" * 24, False), ("水杯", True), ("后" * 56, False), ("…", False)]


def test_each_term_is_marked_whatever_its_case() -> None:
    assert highlights("ABC公司的水杯", ["abc", "水杯"]) == [("ABC", True), ("公司的", False), ("水杯", True)]


@pytest.mark.parametrize("terms", [[], ["没有"], ["."]])
def test_without_a_hit_nothing_is_shown(terms: list[str]) -> None:
    assert highlights("水杯", terms) == []

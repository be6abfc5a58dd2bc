"""Chinese numerals and article numbers, read and written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.knowledge.numerals import article_label, article_number, chinese, parse_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("五", 5),
        ("两", 2),
        ("十", 10),
        ("十五", 15),
        ("二十", 20),
        ("一百零一", 101),
        ("二百一十九", 219),
        ("一千二百六十", 1260),
        ("五万", 50_000),
        ("二十五万", 250_000),
        ("一亿二千万", 120_000_000),
        ("二〇二六", 2026),
        ("42", 42),
        ("5万", 50_000),
        ("3千", 3000),
    ],
)
def test_numerals_are_read(text, number):
    assert parse_number(text) == number


@pytest.mark.parametrize("text", ["两三", "若干", "", "1.5"])
def test_what_is_no_exact_whole_number_is_none(text):
    assert parse_number(text) is None


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "零"), (10, "十"), (11, "十一"), (42, "四十二"), (100, "一百"), (110, "一百一十"), (1013, "一千零一十三")],
)
def test_numbers_are_written_as_laws_write_them(number, text):
    assert chinese(number) == text


@given(st.integers(0, 9999))
def test_written_numbers_read_back(number):
    assert parse_number(chinese(number)) == number


@pytest.mark.parametrize(
    ("number", "label"), [("42", "第四十二条"), ("219-1", "第二百一十九条之一"), ("1260", "第一千二百六十条")]
)
def test_article_numbers_and_labels_turn_into_each_other(number, label):
    assert article_label(number) == label
    assert article_number(label) == number


def test_article_number_is_read_from_arabic_too_and_only_from_labels():
    assert article_number("第42条第一款") == "42"
    assert article_number("本法第四十二条") is None

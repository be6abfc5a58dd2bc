"""Figures: the same amount in other signs is the same figure; dates and ordinals are none."""

import pytest

from bot.knowledge.figures import figures_in


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("三十日内", "30天内"),
        ("十五年", "15 年"),
        ("两年", "二年"),
        ("3个月", "三个月"),
        ("10个工作日", "十个工作日"),
        ("五万元", "50,000元"),
        ("5万元", "５００００元"),
        ("500万元", "五百万元"),
        ("一倍以上五倍以下", "1倍以上5倍以下"),
        ("百分之五十", "50%"),
        ("三至五年", "3-5年"),
        ("五百件", "500件"),
        ("**六个月**", "6个月"),
        ("四十八小时", "48小时"),
    ],
)
def test_the_same_amount_is_the_same_figure(one, other):
    assert figures_in(one).keys() == figures_in(other).keys() != set()


@pytest.mark.parametrize(
    ("one", "other"), [("三十日", "三个月"), ("十日", "十个工作日"), ("一年", "十二个月"), ("五万元", "五十万元")]
)
def test_other_amounts_and_other_units_are_other_figures(one, other):
    assert figures_in(one).keys() != figures_in(other).keys()


@pytest.mark.parametrize(
    "text",
    [
        "自2021年6月1日起施行",
        "2027年1月1日",
        "二〇二六年十一月二十日",
        "2026-11-20",
        "每年6月1日前",
        "专利法第四十二条第一款",
        "第三年起",
        "国知发管字〔2016〕92号",
        "两份材料、一件商品、三次",
        "两三年",
        "拨打12330",
        "第十二条之一",
    ],
)
def test_dates_ordinals_and_everyday_counts_are_no_figures(text):
    assert figures_in(text) == {}


def test_a_figure_keeps_the_words_in_which_it_stands():
    assert list(figures_in("自申请日起二十年，每年缴费；满20年终止").values()) == ["二十年"]

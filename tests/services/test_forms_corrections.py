"""Which earlier answer a sentence wants to change, and to what."""

import pytest

from tests.support.library import real_library

FORMS = real_library().forms
COMPLAINT = FORMS.form("complaint")


@pytest.mark.parametrize(
    ("text", "field", "new"),
    [
        ("电话写错了，改成13900139000", "phone", "13900139000"),
        ("电话改成13900139000", "phone", "13900139000"),
        ("手机号换成 139 0013 9000 吧", "phone", "139 0013 9000"),
        ("联系电话：13900139000", "phone", "13900139000"),
        ("把地区改一下", "region", None),
        ("地点应该是浙江杭州", "region", "浙江杭州"),
        ("名字不对，是李四", "name", "李四"),
        ("名字改成李四吧", "name", "李四"),
        ("我想改电话", "phone", None),
        ("修改联系电话", "phone", None),
        ("专利号填错了", "right_number", None),
        ("把权利类型从专利改成商标", "right", "商标"),
        ("时间改为上个月", "period", "上个月"),
        ("身份证号有误，正确的是11010519491231002X", "party_id", "11010519491231002X"),
        ("被举报人改成杭州某某公司，网址 http://a.example/b", "respondent", "杭州某某公司，网址 http://a.example/b"),
        ("对方名称写错了", "respondent", None),
        ("改一下", None, None),
        ("有地方填错了", None, None),
        ("改成13900139000", None, "13900139000"),
    ],
)
def test_corrections_as_people_say_them(text: str, field: str | None, new: str | None) -> None:
    found = FORMS.parse_correction(COMPLAINT, text)
    assert (found.field.name if found.field else None, found.text) == (field, new)


@pytest.mark.parametrize("text", ["刚才写错了，应该是昨天", "上一个答案改成昨天", "上一题填错了"])
def test_a_sentence_may_point_at_the_answer_just_given(text: str) -> None:
    assert FORMS.parse_correction(COMPLAINT, text).is_last


@pytest.mark.parametrize("text", ["电话写错了", "改一下", "应该是昨天", "我要修改"])
def test_what_sounds_like_a_correction(text: str) -> None:
    assert FORMS.asks_correction(text)


@pytest.mark.parametrize("text", ["确认提交", "同意", "13900139000", "专利能保护多久"])
def test_what_does_not(text: str) -> None:
    assert not FORMS.asks_correction(text)

"""Answers to single questions: good ones, bad ones with their reason, and the edges."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from bot.helpdesk.identifiers import patent_check_digit
from bot.services.fields.extents import amount_of
from bot.services.fields.numbers import (
    check_email,
    check_party_id,
    check_phone_answer,
    check_right_number,
)
from bot.services.forms import Accepted, FieldType, Rejected
from tests.support.library import real_library

TODAY = date(2026, 11, 20)
FORMS = real_library().forms
FIELDS = {field.type: field for form in FORMS.forms for field in form.fields}


def check(form: str, name: str, text: str, **values: str) -> str:
    """The stored value, or the refusal's code with a leading dash."""
    field = FORMS.form(form).field(name)
    assert field is not None
    outcome = FORMS.validate(field, text, today=TODAY, values=values)
    return outcome.value if isinstance(outcome, Accepted) else f"-{outcome.code}"


# --- every type -----------------------------------------------------------------------------


@settings(deadline=None)
@given(text=st.text(max_size=60), kind=st.sampled_from(list(FieldType)))
def test_no_answer_breaks_a_check_and_an_accepted_one_is_accepted_again(text: str, kind: FieldType) -> None:
    """The engine may check a slot twice; the second time nothing may change."""
    field = FIELDS[kind]
    outcome = FORMS.validate(field, text, today=TODAY)
    if isinstance(outcome, Accepted):
        again = FORMS.validate(field, outcome.value, today=TODAY)
        assert isinstance(again, Accepted)
        assert again.value == outcome.value


ANSWERS = ["昨天下午", "去年3月至今", "浙江杭州", "义乌", "13900139000转8", "010-12345678转801", "ZL202310123456.6",
           "1、3", "取证和培训", "我承诺并同意", "A@B.COM", "11010519491231002x", "12345678、2345678", "3到5月"]  # fmt: skip


@pytest.mark.parametrize("text", ANSWERS)
@pytest.mark.parametrize("kind", list(FieldType))
def test_normal_forms_stay_as_they_are(kind: FieldType, text: str) -> None:
    outcome = FORMS.validate(FIELDS[kind], text, today=TODAY)
    if isinstance(outcome, Accepted):
        assert FORMS.validate(FIELDS[kind], outcome.value, today=TODAY) == outcome


# --- telephone ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("13900139000", "13900139000"),
        ("139 0013 9000", "13900139000"),
        ("+86 139-0013-9000", "13900139000"),
        ("0086 13900139000", "13900139000"),
        ("１３９００１３９０００", "13900139000"),
        ("我的手机是13900139000，微信同号", "13900139000"),
        ("0571-88881234", "0571-88881234"),
        ("(0571)8888 1234", "0571-88881234"),
        ("057188881234", "0571-88881234"),
        ("010-12345678转801", "010-12345678-801"),
        ("010-12345678-801", "010-12345678-801"),
        ("400-123-4567", "4001234567"),
        ("+852 2345 6789", "+85223456789"),
    ],
)
def test_telephones_in_any_spelling(text: str, value: str) -> None:
    assert check_phone_answer(text) == Accepted(value, value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1390013900", "phone_too_short"),
        ("139001390001", "phone_too_long"),
        ("12900139000", "phone_prefix"),
        ("88881234", "phone_area_code_missing"),
        ("没有座机", "phone_empty"),
        ("110", "phone_too_short"),
        ("13900139000或者13800138000", "phone_several"),
    ],
)
def test_telephones_that_cannot_be_right(text: str, code: str) -> None:
    assert check_phone_answer(text) == Rejected(code)


@settings(deadline=None)
@given(st.from_regex(r"1[3-9]\d{9}", fullmatch=True), st.data())
def test_a_mobile_number_survives_spaces_and_dashes(number: str, data: st.DataObject) -> None:
    number = "".join(str(int(digit)) for digit in number)
    cuts = sorted(data.draw(st.sets(st.integers(1, 10), max_size=3)))
    separator = data.draw(st.sampled_from([" ", "-", "  "]))
    parts = [number[a:b] for a, b in zip([0, *cuts], [*cuts, 11], strict=True)]
    assert check_phone_answer(separator.join(parts)) == Accepted(number, number)


# --- identity -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("11010519491231002X", "11010519491231002X"),
        ("11010519491231002x", "11010519491231002X"),
        ("我的身份证 110105 19491231 002X", "11010519491231002X"),
        ("91330100MA0000000C", "91330100MA0000000C"),
        ("信用代码：91330100ma0000000c", "91330100MA0000000C"),
        ("E12345678", "E12345678"),
    ],
)
def test_identity_numbers(text: str, value: str) -> None:
    assert check_party_id(text, today=TODAY) == Accepted(value, value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("110105194912310021", "id_card_check"),
        ("11010519491331002X", "id_card_date"),
        ("110105202712310023", "id_card_date"),
        ("130503670401001", "party_id_old"),
        ("1101051949123100", "party_id_length"),
        ("91330100MA00000003", "uscc_check"),
        ("91330100MAO000000C", "uscc_format"),
        ("张三", "party_id_format"),
    ],
)
def test_identity_numbers_that_cannot_be_right(text: str, code: str) -> None:
    outcome = check_party_id(text, today=TODAY)
    assert isinstance(outcome, Rejected)
    assert outcome.code == code


@settings(deadline=None)
@given(st.dates(date(1930, 1, 1), TODAY), st.integers(0, 999))
def test_every_wrong_digit_of_an_identity_card_is_found(born: date, serial: int) -> None:
    body = f"330106{born:%Y%m%d}{serial:03}"
    number = body + ric.calc_check_digit(f"{body}0")
    assert check_party_id(number, today=TODAY) == Accepted(number, number)
    for place in (14, 15, 16):
        wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        assert check_party_id(wrong, today=TODAY) == Rejected("id_card_check")


@settings(deadline=None)
@given(st.from_regex(r"[1-9A-HJ-NPQRTUWXY]{9}", fullmatch=True))
def test_every_credit_code_with_its_check_digit_is_taken(organisation: str) -> None:
    number = f"91330100{organisation}"
    number += uscc.calc_check_digit(number)
    assert check_party_id(number, today=TODAY) == Accepted(number, number)


# --- rights ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("right", "text", "value"),
    [
        ("patent", "ZL202310123456.6", "202310123456.6"),
        ("patent", "专利号是 ZL 2023 1 0123456.6", "202310123456.6"),
        ("patent", "ZL202310123456.6、ZL202310123456.6", "202310123456.6"),
        ("trademark", "第12345678号", "12345678"),
        ("trademark", "商标注册号是 1234567", "1234567"),
        ("trademark", "1234567，2345678", "1234567、2345678"),
        ("trademark", "G1234567", "G1234567"),
        ("copyright", "登记号2023SR0123456", "2023SR0123456"),
        ("copyright", "国作登字-2022-F-10012345", "国作登字-2022-F-10012345"),
        ("layout_design", "BS.205001234", "BS.205001234"),
        ("plant_variety", "CNA20181234.5", "CNA20181234.5"),
        ("gi", "公告2019年第5号", "公告2019年第5号"),
        ("general", "ZL202310123456.6", "202310123456.6"),
        (None, "12345678", "12345678"),
    ],
)
def test_numbers_of_rights(right: str | None, text: str, value: str) -> None:
    assert check_right_number(text, right=right, today=TODAY) == Accepted(value, value)


@pytest.mark.parametrize(
    ("right", "text", "code"),
    [
        ("patent", "ZL202310123456.5", "patent_check_digit"),
        ("patent", "202310123456", "patent_check_digit_missing"),
        ("patent", "CN115123456A", "patent_publication_number"),
        ("patent", "ZL202710123456.6", "patent_year"),
        ("patent", "ZL202340123456.6", "patent_type"),
        ("patent", "12345", "patent_length"),
        ("patent", "专利证书", "patent_not_digits"),
        ("patent", "ZL202310123456.6、ZL202310123456.5", "patent_check_digit"),
        ("trademark", "123456789", "trademark_length"),
        ("trademark", "耐克", "trademark_format"),
        ("copyright", "12", "work_format"),
        ("copyright", "2031SR0123456", "work_year"),
        ("general", "ZL202310123456.5", "patent_check_digit"),
        ("general", "13900139000", "right_number_format"),
        ("gi", "有证书", "right_number_format"),
    ],
)
def test_numbers_of_rights_that_cannot_be_right(right: str, text: str, code: str) -> None:
    assert check_right_number(text, right=right, today=TODAY) == Rejected(code)


@settings(deadline=None)
@given(st.integers(2004, 2026), st.sampled_from("1238"), st.integers(0, 9_999_999))
def test_every_patent_number_with_its_check_digit_is_taken_and_no_other(
    year: int, kind: str, serial: int
) -> None:
    body = f"{year}{kind}{serial:07}"
    right = patent_check_digit(body)
    for digit in "0123456789X":
        outcome = check_right_number(f"ZL{body}.{digit}", right="patent", today=TODAY)
        assert isinstance(outcome, Accepted) == (digit == right)


# --- choices --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("right", "商标", "trademark"),
        ("right", "我的商标被抢注了", "trademark"),
        ("right", "商业密秘", "trade_secret"),
        ("right", "第3个", "copyright"),
        ("right", "二", "trademark"),
        ("right", "不知道", "general"),
        ("right", "专利和商标", "-choice_several"),
        ("right", "知识产权", "-choice_unknown"),
        ("right", "99", "-choice_unknown"),
        ("right", "跳过", "-required"),
        ("act", "他卖的是冒牌的", "trademark_infringement"),
        ("act", "假冒专利", "patent_passing_off"),
        ("act", "都不是", "other"),
        ("relation", "没有关系", "public"),
        ("report_type", "我是权利人要投诉", "rightholder"),
    ],
)
def test_one_choice(name: str, text: str, value: str) -> None:
    assert check("complaint", name, text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("取证指导和侵权判定", "evidence,opinion"),
        ("1、3", "policy,dispute"),
        ("国外的官司", "overseas"),
        ("培训 取证", "evidence,training"),
        ("随便", "-choice_unknown"),
    ],
)
def test_several_choices(text: str, value: str) -> None:
    assert check("assistance", "services", text) == value


def test_all_choices_at_once() -> None:
    assert check("assistance", "services", "都要").count(",") == 8


@pytest.mark.parametrize("text", ["是", "好的", "同意", "我同意", "我承诺并同意", "同意的", "没问题"])
def test_consent_is_given_in_many_ways(text: str) -> None:
    assert check("complaint", "consent", text) == "yes"


@pytest.mark.parametrize("text", ["不", "不同意", "我不同意", "没有", "算了"])
def test_a_refused_consent_is_told_what_follows(text: str) -> None:
    assert check("complaint", "consent", text) == "-consent_required"


def test_an_unclear_consent_is_asked_again() -> None:
    assert check("complaint", "consent", "什么意思") == "-yes_no_unclear"


# --- how much -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("30件，3600元", "30件，3600元"),
        ("30件，每件120元", "30件，单价120元，3600元"),
        ("单价一百二十元，三十件，一共3600元", "30件，单价120元，3600元"),
        ("每双99元", "单价99元"),
        ("5万元", "50000元"),
        ("不少", "-extent_unknown"),
    ],
)
def test_number_price_and_amount(text: str, value: str) -> None:
    assert check("complaint", "extent", text) == value
    if not value.startswith("-"):
        assert check("complaint", "extent", value) == value


@pytest.mark.parametrize(("value", "amount"), [("30件，单价120元，3600元", 3600), ("50000元", 50000), ("单价99元", None), ("30件", None)])
def test_a_price_is_not_the_amount(value: str, amount: int | None) -> None:
    assert amount_of(value) == amount


# --- who, and where they live ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("91330100MA0000000C", "91330100MA0000000C"),
        ("信用代码：9133 0100 ma00 0000 0c", "91330100MA0000000C"),
        ("11010519491231002X", "-credit_code_person"),
        ("91330100MA0000000D", "-uscc_check"),
        ("330100000000001", "-credit_code_format"),
        ("E12345678", "-credit_code_format"),
        ("跳过", ""),
    ],
)
def test_a_company_gives_its_credit_code_and_no_persons_number(text: str, value: str) -> None:
    assert check("assistance", "credit_code", text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("一样", "与住所地相同"), ("与住所地相同", "与住所地相同"), ("浙江杭州", "浙江省杭州市"), ("跳过", "-required_region"), ("火星", "-region_unknown")],
)
def test_where_somebody_lives_is_a_place_or_the_same(text: str, value: str) -> None:
    assert check("assistance", "residence", text) == value


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("confidential", "可以让对方知道", "open"),
        ("confidential", "不可以让对方知道", "secret"),
        ("confidential", "我不想公开身份", "secret"),
        ("feedback", "发短信给我", "phone"),
        ("feedback", "不用了", "none"),
        ("ongoing", "没有", "stopped"),
        ("ongoing", "现在还在卖", "going"),
        ("ongoing", "不知道", ""),
        ("right_proof", "注册证和许可合同", "certificate,licence"),
    ],
)
def test_short_answers_to_the_complaints_choices(name: str, text: str, value: str) -> None:
    assert check("complaint", name, text) == value


@pytest.mark.parametrize(("text", "value"), [("愿意", "yes"), ("我不愿意调解", "no"), ("看情况吧", "depends"), ("没想好", "")])
def test_mediation_is_a_choice(text: str, value: str) -> None:
    assert check("assistance", "mediation", text) == value


# --- words ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("facts", "他们卖假货", "-too_short"),
        ("facts", "！！！！！！！！！！！！！！！！", "-only_symbols"),
        ("facts", "没有", "-required"),
        ("facts", "  他们在网店卖假货，\n我花了99元，收到的是仿品。 ", "他们在网店卖假货，\n我花了99元，收到的是仿品。"),
        ("facts", "卖假货" * 2000, "-too_long"),
        ("name", "张", "-too_short_text"),
        ("name", "张三", "张三"),
        ("proceedings", "没有", "没有"),
        ("proceedings", "无", "没有"),
        ("proceedings", "杭州中院，（2026）浙01民初1号", "杭州中院，（2026）浙01民初1号"),
        ("evidence", "没有", ""),
        ("evidence", "照片\u200b和录音", "照片和录音"),
        *((name, "13800138000", "-no_letters") for name in ("name", "principal", "agency", "contact")),
        ("principal", "１２ ３-４", "-no_letters"),
        ("principal", "3M中国有限公司", "3M中国有限公司"),
        ("respondent", "1688", "1688"),
    ],
)
def test_free_text(name: str, text: str, value: str) -> None:
    assert check("complaint", name, text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a@b.com", "a@b.com"),
        ("邮箱：Zhang.San@Example.com.cn 谢谢", "zhang.san@example.com.cn"),
        ("ａ＠ｂ．ｃｏｍ", "a@b.com"),
    ],
)
def test_email(text: str, value: str) -> None:
    assert check_email(text) == Accepted(value, value)


@pytest.mark.parametrize("text", ["a@b", "a.b.com", "x@-b.com", "@b.com", "微信"])
def test_email_that_cannot_be_right(text: str) -> None:
    assert check_email(text) == Rejected("email_format")

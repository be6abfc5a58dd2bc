"""Forms as data: which questions are due, what is shown, what goes into the ticket."""

import re
import string
from datetime import date
from pathlib import Path

import pytest

from bot.services.fields.model import read_form
from bot.services.forms import (
    Accepted,
    Field,
    FieldType,
    Form,
    FormsInvalid,
    Rejected,
    required_fields,
)
from bot.settings import PROJECT_ROOT
from bot.texts import Texts
from tests.support.library import real_library

TODAY = date(2026, 11, 20)
FORMS = real_library().forms
TEXTS = Texts.load()
ALL_FIELDS = [
    pytest.param(form, field, id=f"{form.id}.{field.name}") for form in FORMS.forms for field in form.fields
]


def names(fields: list[Field]) -> list[str]:
    return [field.name for field in fields]


# --- which questions are due ----------------------------------------------------------------


SHORT_PATHS = [
    ("complaint", {"report_type": "consumer", "venue": "online"}),
    ("complaint", {"report_type": "rightholder", "relation": "owner", "venue": "market"}),
    ("complaint", {"report_type": "report", "relation": "public", "identity": "named", "venue": "exhibition"}),
    ("complaint", {"report_type": "report", "relation": "public", "identity": "anonymous", "venue": "customs"}),
    ("assistance", {"applicant_type": "company", "right": "patent", "relation": "accused"}),
    ("complaint", {"report_type": "rightholder", "relation": "agent", "right": "patent", "venue": "online", "party_kind": "company"}),
    ("assistance", {"applicant_type": "person", "right": "copyright", "relation": "owner"}),
    ("assistance", {"applicant_type": "company", "right": "patent", "relation": "agent", "venue": "online"}),
]


@pytest.mark.parametrize(("form_id", "values"), SHORT_PATHS)
def test_no_citizen_must_answer_more_than_eighteen_questions(form_id: str, values: dict[str, str]) -> None:
    """What comes on top may be skipped in one go; 跳过 and 其余跳过 cost one message each."""
    due = required_fields(FORMS.form(form_id), values)
    assert 9 <= sum(not field.skippable for field in due) <= 18
    assert len(due) <= 34


def test_a_representative_is_asked_for_whom_and_by_what_authority() -> None:
    for form_id in ("complaint", "assistance"):
        form = FORMS.form(form_id)
        values = {"report_type": "rightholder", "relation": "agent"}
        assert {"principal", "authority"} <= set(names(required_fields(form, values)))
        assert not {"principal", "authority"} & set(names(required_fields(form, values | {"relation": "owner"})))


@pytest.mark.parametrize("form_id", ["complaint", "assistance"])
@pytest.mark.parametrize(
    ("venue", "asked"),
    [("online", "platform"), ("market", "market"), ("exhibition", "exhibition"), ("customs", "customs"), ("factory", None)],
)
def test_a_venue_asks_what_it_needs_and_nothing_of_the_others(form_id: str, venue: str, asked: str | None) -> None:
    due = set(names(required_fields(FORMS.form(form_id), {"venue": venue})))
    assert due & {"platform", "market", "exhibition", "customs"} == ({asked} if asked else set())


def test_a_condition_of_several_parts_needs_them_all() -> None:
    form = FORMS.form("complaint")
    named = {"report_type": "report", "identity": "named"}
    assert "confidential" in names(required_fields(form, named))
    assert "confidential" not in names(required_fields(form, named | {"identity": "anonymous"}))
    assert "party_kind" not in names(required_fields(form, {"report_type": "consumer"}))


IDENTIFYING = {
    "name", "party_id", "credit_code", "contact", "phone", "email", "address", "party_kind", "confidential", "feedback", "privacy",
}  # fmt: skip


def test_nobody_anonymous_is_asked_who_they_are() -> None:
    due = set(names(required_fields(FORMS.form("complaint"), {"report_type": "report", "identity": "anonymous"})))
    assert not IDENTIFYING & due
    assert {"forward", "consent"} <= due


def test_every_field_stands_under_a_heading() -> None:
    for form in FORMS.forms:
        assert {field.group for field in form.fields} == {group.id for group in form.groups}


def test_a_consumer_is_not_asked_about_the_right_or_anonymity() -> None:
    due = names(required_fields(FORMS.form("complaint"), {"report_type": "consumer"}))
    assert not {"relation", "right_number", "identity"} & set(due)
    assert {"name", "phone", "consent"} <= set(due)


def test_only_somebody_with_a_right_is_asked_for_its_number() -> None:
    form = FORMS.form("complaint")
    values = {"report_type": "report", "relation": "public"}
    assert "right_number" not in names(required_fields(form, values))
    assert "right_number" in names(required_fields(form, values | {"relation": "licensee"}))


def test_the_answer_to_a_question_that_is_not_due_decides_nothing() -> None:
    """A citizen who said 匿名 and then changed to 消费投诉 has to be named."""
    values = {"report_type": "consumer", "identity": "anonymous", "relation": "owner"}
    due = names(required_fields(FORMS.form("complaint"), values))
    assert "name" in due
    assert "right_number" not in due


def test_trade_secrets_have_no_number_to_ask_for() -> None:
    form = FORMS.form("assistance")
    assert "right_number" not in names(required_fields(form, {"right": "trade_secret"}))
    assert "right_number" in names(required_fields(form, {"right": "patent"}))


# --- what the sample forms list: section 1 and 2, row by row ----------------------------------

COMPANY = {"applicant_type": "company", "party_kind": "company", "report_type": "rightholder", "relation": "owner", "right": "patent"}
PERSON = COMPANY | {"applicant_type": "person", "party_kind": "person"}
AGENT = COMPANY | {"relation": "agent"}
#: Form, row, the fields that ask it, answers with which it is due, and those with which it is not.
ROWS: list[tuple[str, str, set[str], dict[str, str], dict[str, str] | None]] = [
    ("assistance", "类型", {"applicant_type"}, {}, None),
    ("assistance", "自然人的姓名、证件号码", {"name", "party_id"}, PERSON, None),
    ("assistance", "单位的统一社会信用代码", {"credit_code"}, COMPANY, PERSON),
    ("assistance", "住所地", {"region"}, {}, None),
    ("assistance", "经常居住地", {"residence"}, PERSON, COMPANY),
    ("assistance", "联系人", {"contact"}, COMPANY, PERSON),
    ("assistance", "电话、邮箱、通讯地址", {"phone", "email", "address"}, {}, None),
    ("assistance", "重点对象标记", {"focus"}, COMPANY, PERSON),
    ("assistance", "代理人的机构、授权委托书", {"principal", "agency", "authority"}, AGENT, COMPANY),
    ("assistance", "权利类型", {"right"}, {}, None),
    ("assistance", "权利号码与名称", {"right_number", "right_name"}, COMPANY, COMPANY | {"right": "trade_secret"}),
    ("assistance", "法律状态、到期日、质押许可无效", {"right_status"}, COMPANY, COMPANY | {"right_number": ""}),
    ("assistance", "与权利的关系", {"relation"}, {}, None),
    ("assistance", "相对方", {"respondent"}, {}, None),
    ("assistance", "相对方的地址、账号、联系方式", {"respondent_details"}, {"respondent": "某某店"}, {"respondent": ""}),
    ("assistance", "请求援助事项", {"services"}, {}, None),
    ("assistance", "案情简介", {"facts", "period", "extent"}, {}, None),
    ("assistance", "网店、平台、账号", {"platform"}, {"venue": "online"}, {"venue": "market"}),
    ("assistance", "其他处理", {"proceedings"}, {}, None),
    ("assistance", "期望结果", {"expectation"}, {}, None),
    ("assistance", "是否接受调解", {"mediation"}, {"respondent": "某某店"}, {"respondent": ""}),
    ("assistance", "经费", {"hardship"}, {}, None),
    ("assistance", "材料", {"evidence"}, {}, None),
    ("assistance", "承诺、转送、隐私", {"consent", "forward", "privacy"}, {}, None),
    ("complaint", "类别", {"report_type"}, {}, None),
    ("complaint", "是否实名", {"identity"}, {"report_type": "report"}, COMPANY),
    ("complaint", "姓名、电话、通讯地址", {"name", "phone", "address"}, PERSON, {"report_type": "report", "identity": "anonymous"}),
    ("complaint", "证件号", {"party_id"}, PERSON, COMPANY),
    ("complaint", "单位的统一社会信用代码、联系人", {"credit_code", "contact"}, COMPANY, PERSON),
    ("complaint", "与权利关系", {"relation"}, {"report_type": "report"}, {"report_type": "consumer"}),
    ("complaint", "代理", {"principal", "agency", "authority"}, AGENT, COMPANY),
    ("complaint", "公开身份或保密、反馈", {"confidential", "feedback"}, COMPANY, {"report_type": "report", "identity": "anonymous"}),
    ("complaint", "反馈用的邮箱", {"email"}, {"feedback": "email"}, {"feedback": "phone"}),
    ("complaint", "被举报人的名称、地址、负责人、账号", {"respondent", "respondent_details"}, {}, None),
    ("complaint", "网店链接、平台、订单号", {"platform"}, {"venue": "online"}, {"venue": "market"}),
    ("complaint", "违法行为类型", {"act"}, {}, None),
    ("complaint", "发生地、起止时间", {"region", "period"}, {}, None),
    ("complaint", "是否持续", {"ongoing"}, {"period": "2026-03"}, {"period": "2026-03/.."}),
    ("complaint", "商品名称型号、数量、单价、货值", {"goods", "extent"}, {"act": "confusion"}, {"act": "agency_misconduct"}),
    ("complaint", "权利证号、名称", {"right_number", "right_name"}, COMPANY, COMPANY | {"report_type": "consumer"}),
    ("complaint", "权利状态", {"right_status"}, COMPANY, COMPANY | {"right_number": ""}),
    ("complaint", "权属证明、许可合同", {"right_proof"}, COMPANY, {"report_type": "consumer"}),
    ("complaint", "证据", {"evidence"}, {}, None),
    ("complaint", "其他处理", {"proceedings"}, {}, None),
    ("complaint", "承诺、隐私", {"consent", "privacy"}, {}, None),
]  # fmt: skip


@pytest.mark.parametrize(("form_id", "row", "asking", "due", "not_due"), ROWS, ids=[f"{r[0]}-{r[1]}" for r in ROWS])
def test_each_row_of_the_sample_is_asked_when_it_is_due_and_only_then(
    form_id: str, row: str, asking: set[str], due: dict[str, str], not_due: dict[str, str] | None
) -> None:
    form = FORMS.form(form_id)
    assert asking <= set(names(required_fields(form, due)))
    if not_due is not None:
        assert not asking & set(names(required_fields(form, not_due)))


def test_every_question_belongs_to_a_row_or_is_one_of_ours() -> None:
    ours = {"venue", "market", "exhibition", "customs", "received_on", "wanted", "forward", "facts", "right"}
    for form in FORMS.forms:
        asked = set().union(*(row[2] for row in ROWS if row[0] == form.id))
        assert {field.name for field in form.fields} - {"party_kind"} - ours <= asked, form.id


@pytest.mark.parametrize(("form_id", "values"), SHORT_PATHS)
def test_what_is_skipped_at_once_leaves_only_what_is_needed(form_id: str, values: dict[str, str]) -> None:
    """其余跳过 at the first question that may be skipped: the rest is short, and needs nothing that was left out."""
    form = FORMS.form(form_id)
    skipped = values | {field.name: "" for field in FORMS.left_out(form, values)}
    assert sum(not field.skippable for field in required_fields(form, skipped)) <= 18
    answered = skipped | {f.name: "yes" for f in required_fields(form, skipped) if skipped.get(f.name) is None}
    assert FORMS.missing(form, answered) == []


def test_the_aid_that_can_be_asked_for_is_all_that_the_sample_lists() -> None:
    services = FORMS.form("assistance").field("services")
    assert services is not None and services.multiple
    listed = ("法律政策咨询", "授权确权", "纠纷处理方式", "取证指导", "侵权判定参考意见", "分析预警", "驻场", "海外", "培训")
    assert [word for word in listed if not any(word in choice.title for choice in services.choices)] == []


def test_what_identifies_a_citizen_is_sensitive() -> None:
    for form in FORMS.forms:
        sensitive = {field.name for field in form.fields if field.sensitive}
        assert {"party_id", "credit_code", "phone", "email", "address"} == sensitive


# --- the data itself ------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "field"), ALL_FIELDS)
def test_every_choice_is_found_by_value_title_number_and_aliases(form: Form, field: Field) -> None:
    for number, choice in enumerate(field.choices, start=1):
        ways = [choice.value, choice.title, *choice.aliases]
        if field.type is FieldType.CHOICE:
            ways.append(str(number))
        for said in ways:
            outcome = FORMS.validate(field, said, today=TODAY)
            if field.must_be not in (None, choice.value):
                assert outcome == Rejected("consent_required", {"yes": field.choice("yes").title})
            else:
                assert outcome == Accepted(choice.value, choice.title), said


@pytest.mark.parametrize(("form", "field"), ALL_FIELDS)
def test_a_field_is_recognised_by_its_label_and_every_alias(form: Form, field: Field) -> None:
    for name in field.aliases:
        assert FORMS.parse_correction(form, f"我想改{name}").field == field, name


@pytest.mark.parametrize(("form", "field"), ALL_FIELDS)
def test_a_skip_is_taken_where_the_file_says_so(form: Form, field: Field) -> None:
    outcome = FORMS.validate(field, "跳过", today=TODAY)
    assert (outcome == Accepted("", "")) == field.skippable
    assert (FORMS.validate(field, "", today=TODAY) == Accepted("", "")) == field.skippable


@pytest.mark.parametrize(("form", "field"), ALL_FIELDS)
def test_questions_are_short_and_speak_to_the_citizen(form: Form, field: Field) -> None:
    assert len(field.ask) <= 90
    assert field.ask.endswith(("？", "。"))
    assert len(field.label) <= 10


def test_every_right_of_the_form_is_one_of_the_helpdesks() -> None:
    known = set(TEXTS.section("rights")) - {"none"}
    for form in FORMS.forms:
        right = form.field("right")
        assert right is not None
        assert {choice.value for choice in right.choices} == known


def test_the_words_for_every_refusal_exist_and_can_be_filled_in() -> None:
    folder = PROJECT_ROOT / "bot" / "services"
    source = "\n".join(path.read_text("utf-8") for path in [folder / "forms.py", *(folder / "fields").glob("*.py")])
    calls = re.findall(r"(?:rejected\(|    code = )([^)\n]*)", source)
    codes = {code for call in calls for code in re.findall(r'(?<![\w=])"([a-z_]+)"', call)}
    assert len(codes) > 25
    assert {code for code in codes if f"rejections.{code}" not in TEXTS} == set()


def test_every_reason_of_the_core_has_words() -> None:
    """Reasons that `bot.helpdesk.identifiers` gives become codes by their name."""
    source = (PROJECT_ROOT / "bot" / "helpdesk" / "identifiers.py").read_text("utf-8")
    reasons = set(re.findall(r'Checked\("patent", \w+, False, "([a-z_]+)"', source))
    reasons |= {"length", "check_digit_missing", "check_digit"}
    for reason in reasons - {"empty"}:
        assert f"rejections.patent_{reason}" in TEXTS
    for reason in set(re.findall(r'Checked\("trademark", \w+, False, "([a-z_]+)"', source)) - {"empty"}:
        assert f"rejections.trademark_{reason}" in TEXTS
    for reason in {"too_short", "too_long", "prefix", "area_code_missing", "format", "empty"}:
        assert f"rejections.phone_{reason}" in TEXTS


def test_every_refusal_that_asks_for_another_value_gives_an_example() -> None:
    without = {
        "required", "too_short_text", "too_long", "only_symbols", "choice_several", "yes_no_unclear",
        "consent_required",
    }  # fmt: skip
    for code, text in TEXTS.section("rejections").items():
        assert code in without or "例如" in text, code


def test_refusals_have_the_details_that_their_words_need() -> None:
    seen: set[str] = set()
    for form in FORMS.forms:
        for field in form.fields:
            for said in ("跳过", "张", "。。。", "专利和商标", "淘宝", "2027年1月", "123", "长" * 5000, "鼓楼区", "北京到上海"):
                outcome = FORMS.validate(field, said, today=TODAY, values={"right": "patent"})
                if isinstance(outcome, Rejected):
                    words = TEXTS(f"rejections.{outcome.code}", **outcome.details)
                    assert not set(string.Formatter().parse(words)) & {"{"}
                    seen.add(outcome.code)
    assert len(seen) >= 15


# --- showing --------------------------------------------------------------------------------


def test_the_summary_masks_what_is_sensitive_and_leaves_out_what_is_not_due() -> None:
    values = {
        "report_type": "report", "right": "patent", "relation": "public", "period": "2026-11-09/2026-11-15",
        "identity": "named", "name": "张三", "party_id": "11010519491231002X", "phone": "13900139000",
        "evidence": "", "right_number": "202310123456.6",
    }  # fmt: skip
    lines = {line.name: line.shown for line in FORMS.summary(FORMS.form("complaint"), values)}
    assert lines["party_id"] == "110***********002X"
    assert lines["phone"] == "139****9000"
    assert lines["name"] == "张三"
    assert lines["period"] == "2026年11月9日至2026年11月15日"
    assert lines["evidence"] is None
    assert "right_number" not in lines


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("phone", "0571-88881234", "0571-****1234"),
        ("phone", "4001234567", "400***4567"),
        ("phone", "+85223456789", "+85*****6789"),
        ("email", "legal@example.com", "l***@example.com"),
        ("party_id", "91330100MA0000000C", "913***********000C"),
        ("party_id", "E12345678", "E12***5678"),
    ],
)
def test_masks_keep_the_ends(name: str, value: str, shown: str) -> None:
    [line] = FORMS.describe("assistance", {name: value})
    assert line.shown == shown
    assert line.sensitive


def test_a_tickets_facts_are_described_with_the_labels_of_its_form() -> None:
    lines = FORMS.describe("assistance", {"services": "evidence,opinion", "right": "patent", "email": ""})
    assert [(line.label, line.shown) for line in lines] == [
        ("权利类型", "专利"),
        ("需要的帮助", "取证指导、侵权判定参考意见"),
        ("电子邮箱", None),
    ]


def test_facts_that_no_form_knows_are_shown_by_their_name() -> None:
    lines = FORMS.describe("consultation", {"question": "商标被抢注"})
    assert [(line.label, line.shown) for line in lines] == [("question", "商标被抢注")]


def test_a_value_that_the_form_no_longer_offers_is_shown_as_it_is() -> None:
    [line] = FORMS.describe("complaint", {"act": "an_old_value"})
    assert line.shown == "an_old_value"


def test_facts_hold_only_what_was_asked() -> None:
    values = {"report_type": "report", "identity": "anonymous", "name": "张三", "phone": "13900139000"}
    assert FORMS.facts(FORMS.form("complaint"), values) == {"report_type": "report", "identity": "anonymous"}


def test_a_form_without_consent_is_incomplete() -> None:
    form = FORMS.form("complaint")
    values = {field.name: "x" for field in form.fields} | {"report_type": "consumer", "consent": "no"}
    assert names(FORMS.missing(form, values)) == ["privacy", "consent"]
    assert names(FORMS.missing(form, values | {"privacy": "yes"})) == ["consent"]
    assert FORMS.missing(form, values | {"privacy": "yes", "consent": "yes"}) == []


def test_a_skipped_question_counts_as_answered_only_if_it_may_be_skipped() -> None:
    form = FORMS.form("complaint")
    values = {field.name: "" for field in form.fields} | {"report_type": "consumer", "consent": "yes"}
    assert "evidence" not in names(FORMS.missing(form, values))
    assert "phone" in names(FORMS.missing(form, values))


def test_a_number_is_doubtful_when_the_right_has_changed() -> None:
    form = FORMS.form("assistance")
    values = {"right": "trademark", "right_number": "202310123456.6"}
    assert names(FORMS.no_longer_valid(form, values, today=TODAY)) == ["right_number"]
    assert FORMS.no_longer_valid(form, values | {"right": "patent"}, today=TODAY) == []


# --- form files that are wrong --------------------------------------------------------------

GOOD = """
id: demo
title: 示例
ticket_kind: complaint
intro: 您好
fields:
  - {name: kind, label: 类别, ask: 哪一类？, type: choice, choices: [{value: a, title: 甲}, {value: b, title: 乙}]}
  - {name: note, label: 说明, ask: 请说明。, type: text, only_if: {field: kind, in: [a]}}
"""


def test_a_good_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "demo.yml").write_text(GOOD, "utf-8")
    form = read_form(tmp_path / "demo.yml")
    assert [form.slot(field) for field in form.fields] == ["demo_kind", "demo_note"]
    assert (form.form_name, form.confirm_slot) == ("demo_form", "demo_confirm")
    assert form.field_of_slot("demo_note") == form.field("note")
    assert form.field_of_slot("complaint_note") is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: note", "name: kind"),
        ("name: note", "name: confirm"),
        ("field: kind", "field: nobody"),
        ("type: text", "type: number"),
        (", choices: [{value: a, title: 甲}, {value: b, title: 乙}]", ""),
        ("type: choice", "type: yes_no"),
        ("title: 示例\n", ""),
        ("type: text", "group: nowhere, type: text"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, old: str, new: str) -> None:
    assert old in GOOD
    (tmp_path / "demo.yml").write_text(GOOD.replace(old, new), "utf-8")
    with pytest.raises(FormsInvalid, match=r"demo\.yml"):
        read_form(tmp_path / "demo.yml")


def test_no_word_of_ours_is_as_long_as_what_is_taken_for_a_sentence() -> None:
    of_choices = [name for form in FORMS.forms for field in form.fields for c in field.choices for name in c.names]
    assert max(map(len, [*of_choices, *FORMS.words.skip])) <= 40

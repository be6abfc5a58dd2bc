"""The pure rules: merges, dates, who is whom, reasons, targets with extensions."""

from datetime import date

import pytest

from bot.helpdesk.errors import BadRequest
from bot.helpdesk.life_cycle import (
    CorrectionDateWrong,
    MergeRefused,
    check_correction_date,
    check_merge,
    matter_of,
    respondent_name,
)
from bot.helpdesk.reasons import Reason, TicketRules
from bot.helpdesk.targets import LARGEST, Target, Unit, extended
from bot.helpdesk.ticket import FINISHED, TicketStatus

TODAY = date(2026, 11, 20)
FACTS = {"right": "trademark", "respondent": "优品小店", "phone": "13900139000"}


@pytest.mark.parametrize("day", [date(2026, 11, 21), date(2027, 5, 19)])
def test_a_correction_may_be_due_from_tomorrow_on_for_half_a_year(day):
    check_correction_date(day, TODAY)


@pytest.mark.parametrize("day", [TODAY, date(2026, 11, 19), date(2027, 5, 20)])
def test_any_other_day_is_wrong(day):
    with pytest.raises(CorrectionDateWrong):
        check_correction_date(day, TODAY)


def merge(**changes):
    values = {
        "source_status": TicketStatus.SUBMITTED, "source_kind": "complaint", "source_merged": False,
        "target_status": TicketStatus.ACCEPTED, "target_kind": "complaint", "target_merged": False,
        "is_same": False,
    }  # fmt: skip
    check_merge(**(values | changes))


def test_two_open_tickets_of_a_kind_may_be_merged():
    merge()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"is_same": True}, "same"),
        ({"source_merged": True}, "merged"),
        ({"target_merged": True}, "merged"),
        ({"target_kind": "assistance"}, "kind"),
        *(({"source_status": status}, "finished") for status in FINISHED),
        *(({"target_status": status}, "finished") for status in FINISHED),
    ],
)
def test_others_may_not(changes, why):
    with pytest.raises(MergeRefused) as refused:
        merge(**changes)
    assert refused.value.details == {"why": why}


@pytest.mark.parametrize(
    "written",
    ["优品小店", " 优品 小店 ", "优品小店，杭州市某路1号", "优品小店（网店）", "优品小店https://shop.example/1",
     "优品小店\n电话不详", "《优品小店》", "优品小店：某平台"],
)  # fmt: skip
def test_the_respondents_name_is_what_comes_first(written):
    assert respondent_name(written) == "优品小店"


def test_case_and_width_do_not_count():
    assert respondent_name("ＡＢＣ公司") == respondent_name("abc公司")


@pytest.mark.parametrize("written", ["", None, "，。、", " "])
def test_no_name_is_none(written):
    assert respondent_name(written) == ""


def test_the_same_matter_is_the_same():
    assert matter_of(FACTS) == matter_of(FACTS | {"respondent": "优品小店，某路", "facts": "别的经过"})


@pytest.mark.parametrize("name", ["right", "respondent", "phone"])
def test_another_party_right_or_respondent_is_another_matter(name):
    assert matter_of(FACTS) != matter_of(FACTS | {name: "999"})


@pytest.mark.parametrize("name", ["phone", "respondent"])
def test_without_party_or_respondent_nothing_is_compared(name):
    assert matter_of({k: v for k, v in FACTS.items() if k != name}) is None


def test_who_gave_no_phone_is_known_by_number_or_name():
    facts = {"right": "trademark", "respondent": "优品小店", "name": "王某"}
    assert matter_of(facts)[0] == "王某"
    assert matter_of(facts | {"party_id": "11010519491231002X"})[0] == "11010519491231002x"


RULES = TicketRules(reasons=[Reason("rejected", "other", "其他", "不能受理。")])


def test_words_of_the_catalogue_come_before_the_free_text():
    assert RULES.worded("rejected", "other", " 请补材料 ") == "不能受理。\n请补材料"
    assert RULES.worded("rejected", "other", "") == "不能受理。"
    assert RULES.worded("rejected", None, " 只有自己的话 ") == "只有自己的话"


@pytest.mark.parametrize(("step", "code"), [("rejected", "nothing"), ("resolved", "other")])
def test_a_code_of_no_step_is_refused(step, code):
    with pytest.raises(BadRequest):
        RULES.worded(step, code, "")


def test_extensions_add_up_in_the_unit_of_the_target():
    days, minutes = Unit.WORKING_DAYS, Unit.WORKING_MINUTES
    target = Target(7, days)
    assert extended(target, []) == target
    assert extended(target, [Target(5, days), Target(2, days)]) == Target(14, days)
    assert extended(target, [Target(60, minutes)]) == target
    assert extended(target, [Target(LARGEST[days], days)]) == Target(LARGEST[days], days)

"""What is written in the forms of SLA rules, and what it is read as."""

from dataclasses import replace
from datetime import date, time

import pytest

from bot.console import rule_forms
from bot.helpdesk.calendar import Day
from bot.helpdesk.sla import Target, Unit
from bot.knowledge import load_calendar, load_policies
from bot.services.sla import RuleInvalid
from bot.settings import Settings

ROOT = Settings().knowledge_dir
TODAY = date(2026, 11, 20)
HALF_DAY = Day("special_hours", "半天 办公", "通知", ((time(9), time(10)), (time(11), time(12))))


@pytest.fixture(scope="module")
def calendar():
    return load_calendar(ROOT)


def form(calendar, **changes):
    return rule_forms.complete(rule_forms.calendar_form(calendar, version=1) | changes)


def problem_of(call, *args):
    with pytest.raises(RuleInvalid) as refused:
        call(*args)
    return refused.value.details


def test_a_calendar_is_read_back_from_its_form_as_it_is(calendar):
    odd = replace(calendar, days={**calendar.days, date(2026, 11, 23): HALF_DAY, date(2026, 5, 2): Day("holiday", "劳动节", "另一份通知")})
    for one in (calendar, odd):
        draft = rule_forms.calendar_draft("main", form(one))
        assert (draft.frames, draft.days, draft.loaded_years) == (
            {**dict.fromkeys(range(7), ()), **one.frames}, one.days, one.loaded_years,
        )  # fmt: skip


def test_stretches_of_holidays_are_written_in_one_line(calendar):
    [year] = rule_forms.years_of(calendar)
    assert year.holidays.splitlines()[1] == "2026-02-15~2026-02-23 春节"
    assert year.makeup.splitlines()[0] == "2026-01-04 元旦调休上班"


def test_a_year_is_loaded_from_a_pasted_notice_with_full_width_signs(calendar):
    draft = rule_forms.calendar_draft("main", form(
        calendar, new_year="2027", new_holidays="２０２７－０１－０１～2027-01-03 元旦\n\n2027-02-06 春节｜补充通知",
        new_makeup="2027-01-09 元旦调休上班", new_source="2027 通知", frames_5="09：00－12：00，",
    ))  # fmt: skip
    assert draft.loaded_years == {2026, 2027}
    assert draft.days[date(2027, 1, 3)] == Day("holiday", "元旦", "2027 通知")
    assert draft.days[date(2027, 2, 6)].source == "补充通知"
    assert draft.days[date(2027, 1, 9)].kind == "makeup"
    assert draft.frames[5] == ((time(9), time(12)),)


@pytest.mark.parametrize(
    ("field", "text", "problem"),
    [
        ("new_holidays", "2027-02-30 春节", "line"),
        ("new_holidays", "2027-01-05~2027-01-01 元旦", "line"),
        ("new_holidays", "2027-01-01~2029-01-01 元旦", "line"),
        ("new_holidays", "元旦 2027-01-01", "line"),
        ("new_holidays", "2027-01-01 元旦\n2027-01-01 元旦", "day_twice"),
        ("new_makeup", "2027-01-09", "line"),
        ("special_hours", "2027-02-05 春节前半天", "line"),
        ("special_hours", "2026-10-01 09:00-12:00 国庆", "day_twice"),
        ("frames_0", "9点到12点", "hours"),
        ("frames_0", "9:00-25:00", "hours"),
        ("frames_0", "18:00-24:00", "midnight"),
        ("special_hours", "2027-02-05 18:00-24:00 夜市", "midnight"),
        ("new_year", "明年", "number"),
        ("new_year", "", "number"),
        ("base_version", "x", "number"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_field(calendar, field, text, problem):
    changes = {"new_year": "2027", "new_holidays": "2027-01-01 元旦"} | {field: text}
    details = problem_of(rule_forms.calendar_draft, "main", form(calendar, **changes))
    assert (details["problem"], details["field"]) == (problem, field)


def test_hours_are_read_without_their_first_nought(calendar):
    changes = {"frames_0": "9:00-12:00，13:30-17:30", "special_hours": "2027-02-05 0:00-9:05 半天", "new_year": "2027", "new_holidays": "2027-01-01 元旦"}
    draft = rule_forms.calendar_draft("main", form(calendar, **changes))
    assert draft.frames[0] == ((time(9), time(12)), (time(13, 30), time(17, 30)))
    assert draft.days[date(2027, 2, 5)].frames == ((time(0), time(9, 5)),)


def test_the_number_of_the_line_is_told(calendar):
    details = problem_of(rule_forms.calendar_draft, "main", form(calendar, special_hours="\n2027-02-05 09:00-12:00 半天\nbad"))
    assert details["line"] == 3


def test_a_policy_is_read_back_from_its_form_as_it_is():
    for policy in load_policies(ROOT):
        draft = rule_forms.policy_draft(policy.id, rule_forms.policy_form(policy, TODAY))
        assert (draft.clocks, draft.warn_ratio, draft.calendar_id) == (policy.clocks, policy.warn_ratio, "main")
        assert draft.effective_from == TODAY


def test_a_clock_without_an_amount_is_not_promised_and_one_with_it_is():
    fields = rule_forms.policy_form(load_policies(ROOT)[0], TODAY) | {"amount_acceptance": "", "amount_feedback": "30"}
    clocks = rule_forms.policy_draft("complaint", fields).clocks
    assert "acceptance" not in clocks
    assert clocks["feedback"] == Target(30, Unit.WORKING_DAYS)


@pytest.mark.parametrize(("field", "text", "problem"), [
    ("amount_acceptance", "0", "amount"), ("amount_acceptance", "many", "amount"), ("unit_acceptance", "moons", "amount"),
    ("warn_percent", "", "number"), ("effective_from", "soon", "date"),
])  # fmt: skip
def test_a_policy_that_cannot_be_read_is_refused(field, text, problem):
    fields = rule_forms.policy_form(load_policies(ROOT)[0], TODAY) | {field: text}
    assert problem_of(rule_forms.policy_draft, "complaint", fields)["problem"] == problem


def test_only_clocks_that_something_starts_are_offered():
    assert rule_forms.clocks_for("handoff") == ["first_response"]
    assert set(rule_forms.clocks_for("complaint")) == {"first_response", "acceptance", "resolution", "transfer", "feedback", "next_update"}

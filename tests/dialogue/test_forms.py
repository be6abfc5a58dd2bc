"""Both forms, from the first word to the ticket, and what people say in between."""

import pytest

from tests.dialogue.driver import Citizen
from tests.dialogue.fake_desk import FakeDesk
from tests.dialogue.journeys import ASSISTANCE, COMPLAINT

pytestmark = pytest.mark.engine

JOURNEYS = [("complaint", "我要举报投诉", COMPLAINT), ("assistance", "申请维权援助", ASSISTANCE)]


def before(slot: str) -> list[tuple[str, str]]:
    """The answers of a complaint up to a question."""
    return COMPLAINT[: [asked for asked, _ in COMPLAINT].index(slot)]


def fill(citizen: Citizen, opening: str, answers: list[tuple[str, str]]) -> None:
    """Open a form and answer its questions, each being the one that is expected."""
    reply = citizen.say(opening)
    for slot, answer in answers:
        assert reply.asked == slot, reply.body
        reply = citizen.say(answer)


@pytest.mark.parametrize(("form", "opening", "answers"), JOURNEYS)
def test_a_confirmed_form_becomes_a_ticket(
    citizen: Citizen, desk: FakeDesk, form: str, opening: str, answers: list[tuple[str, str]]
) -> None:
    fill(citizen, opening, answers)
    reply = citizen.say("确认提交")
    assert desk.calls[-1] == f"action_open_{form}"
    assert {"ticket": {"number": "WQ-000001-5", "code": "ABCD-1234", "kind": form}} in reply.customs
    assert reply.body["active_form"] is None
    assert reply.asked is None


@pytest.mark.parametrize(("form", "opening", "answers"), JOURNEYS)
def test_the_form_starts_with_its_introduction_and_first_question(
    citizen: Citizen, form: str, opening: str, answers: list[tuple[str, str]]
) -> None:
    reply = citizen.say(opening)
    assert len(reply.body["messages"]) == 2
    assert reply.body["active_form"] == form
    assert reply.buttons


def test_answers_keep_the_citizens_own_words(citizen: Citizen) -> None:
    fill(citizen, "我要举报投诉", before("complaint_facts"))
    story = "他們第七十四條都不怕，在ＡＢＣ市場賣冒牌貨，三十件，每件一百元！！！"
    assert citizen.say(story).slots["complaint_facts"] == story


def test_a_story_that_sounds_like_a_question_is_an_answer(citizen: Citizen) -> None:
    fill(citizen, "我要举报投诉", before("complaint_facts"))
    reply = citizen.say("我去年注册了商标，今年发现隔壁店铺用了一样的招牌，我去问他怎么回事，他说这算什么侵权，还让我去告他，我不知道怎么办才好。")
    assert reply.intent == "answer_field"
    assert reply.asked == "complaint_goods"


def test_a_question_in_the_middle_is_answered_and_the_form_goes_on(citizen: Citizen) -> None:
    fill(citizen, "我要举报投诉", before("complaint_respondent"))
    reply = citizen.say("专利能保护几年？")
    assert reply.article == "patent_term"
    assert reply.asked == "complaint_respondent"
    assert len(reply.body["messages"]) == 2
    assert citizen.say("好运来商店").asked == "complaint_respondent_details"


@pytest.mark.parametrize("asked", range(len(COMPLAINT)), ids=[slot for slot, _ in COMPLAINT])
def test_every_question_can_be_interrupted(citizen: Citizen, asked: int) -> None:
    fill(citizen, "我要举报投诉", COMPLAINT[:asked])
    reply = citizen.say("商标注册要多长时间？")
    assert reply.intent == "faq"
    assert reply.asked == COMPLAINT[asked][0]
    assert citizen.say("人工客服").customs == [{"effect": "handoff", "reason": "asked"}]


@pytest.mark.parametrize("words", ["商标啊", "涉及的是商标", "我家的牌子被仿了，应该算商标吧"])
def test_a_choice_in_the_citizens_words_is_an_answer(citizen: Citizen, words: str) -> None:
    fill(citizen, "我要举报投诉", before("complaint_right"))
    assert citizen.say(words).intent == "answer_field"


def test_another_matter_told_where_a_choice_was_asked_is_a_digression(citizen: Citizen) -> None:
    citizen.say("我要举报投诉")
    reply = citizen.say("我妹妹上个月和她老公离婚了，孩子判给了男方")
    assert reply.intent == "ask_out_of_scope"
    assert reply.asked == "complaint_report_type"


def test_a_refused_answer_is_asked_again(citizen: Citizen) -> None:
    fill(citizen, "我要举报投诉", before("complaint_phone"))
    reply = citizen.say("12345")
    assert reply.intent == "answer_field"
    assert reply.asked == "complaint_phone"
    assert "不对" in reply.texts


def test_a_field_that_may_be_skipped_is_stored_empty(citizen: Citizen) -> None:
    fill(citizen, "申请维权援助", ASSISTANCE[:3])
    reply = citizen.say("跳过")
    assert reply.slots["assistance_right_number"] == ""
    assert reply.asked == "assistance_right_name"


def test_a_field_that_is_needed_cannot_be_skipped(citizen: Citizen) -> None:
    fill(citizen, "我要举报投诉", before("complaint_region"))
    reply = citizen.say("跳过")
    assert "不能跳过" in reply.texts
    assert reply.asked == "complaint_region"


def test_an_earlier_answer_is_corrected(citizen: Citizen, desk: FakeDesk) -> None:
    fill(citizen, "我要举报投诉", before("complaint_consent"))
    reply = citizen.say("电话写错了，改成13700137000")
    assert reply.intent == "correct_field"
    assert reply.slots["complaint_phone"] == "13700137000"
    assert reply.asked == "complaint_consent"
    assert "action_correct_field" in desk.calls


@pytest.mark.parametrize("words", ["电话不对，是13700137000", "修改联系电话", "改一下电话", "不对"])
def test_the_summary_can_be_corrected(citizen: Citizen, desk: FakeDesk, words: str) -> None:
    fill(citizen, "我要举报投诉", COMPLAINT)
    reply = citizen.say(words)
    assert "action_correct_field" in desk.calls
    assert reply.body["active_form"] == "complaint"
    assert "action_open_complaint" not in desk.calls


@pytest.mark.parametrize("words", ["确认提交", "确认", "好的", "提交吧", "没错", "对"])
def test_the_summary_is_confirmed_in_many_words(citizen: Citizen, desk: FakeDesk, words: str) -> None:
    fill(citizen, "我要举报投诉", COMPLAINT)
    citizen.say(words)
    assert "action_open_complaint" in desk.calls


@pytest.mark.parametrize("words", ["取消", "不填了", "算了不填了", "/cancel_form"])
def test_a_cancelled_form_leaves_nothing(citizen: Citizen, desk: FakeDesk, words: str) -> None:
    fill(citizen, "我要举报投诉", before("complaint_right_number"))
    reply = citizen.say(words)
    assert "没有登记" in reply.texts
    assert reply.body["active_form"] is None
    assert not [slot for slot in reply.slots if slot.startswith("complaint_")]
    assert "action_open_complaint" not in desk.calls


def test_a_human_in_the_middle_keeps_the_form(citizen: Citizen) -> None:
    fill(citizen, "我要举报投诉", before("complaint_region"))
    reply = citizen.say("转人工")
    assert reply.customs == [{"effect": "handoff", "reason": "asked"}]
    assert len(reply.body["messages"]) == 1, "the bot must not ask on"
    # The conversation is handed back; what the form asked still stands.
    assert citizen.say("浙江杭州").asked == "complaint_period"


def test_an_urgent_matter_in_the_middle_offers_a_human(citizen: Citizen) -> None:
    fill(citizen, "我要举报投诉", before("complaint_region"))
    reply = citizen.say("对方正在销毁证据")
    assert "马上转人工" in reply.buttons
    assert len(reply.body["messages"]) == 1
    assert citizen.say("马上转人工").customs == [{"effect": "handoff", "reason": "urgent"}]


def test_the_other_form_has_to_wait(citizen: Citizen) -> None:
    fill(citizen, "我要举报投诉", before("complaint_relation"))
    reply = citizen.say("申请维权援助")
    assert reply.body["active_form"] == "complaint"
    assert reply.asked == "complaint_relation"


def test_going_on_asks_the_question_again(citizen: Citizen) -> None:
    fill(citizen, "我要举报投诉", before("complaint_region"))
    reply = citizen.say("继续填")
    assert reply.asked == "complaint_region"
    assert len(reply.body["messages"]) == 2


def test_when_the_store_is_down_nothing_is_claimed_and_nothing_lost(citizen: Citizen, desk: FakeDesk) -> None:
    fill(citizen, "我要举报投诉", COMPLAINT)
    desk.store_is_down = True
    reply = citizen.say("确认提交")
    assert "没有登记成功" in reply.texts
    assert not [custom for custom in reply.customs if "ticket" in custom]
    assert reply.asked == "complaint_confirm"
    assert reply.slots["complaint_name"] == "王建国"
    desk.store_is_down = False
    assert [custom for custom in citizen.say("再试一次").customs if "ticket" in custom]


def test_the_same_matter_gets_one_ticket(citizen: Citizen, desk: FakeDesk) -> None:
    desk.tickets[citizen.name] = "WQ-000007-1"
    fill(citizen, "我要举报投诉", COMPLAINT)
    reply = citizen.say("确认提交")
    assert "WQ-000007-1" in reply.texts
    assert "没有重复" in reply.texts


@pytest.mark.parametrize("words", ["其余跳过", "后面的都跳过"])
def test_what_may_be_skipped_is_left_to_the_desk_in_one_go(citizen: Citizen, desk: FakeDesk, words: str) -> None:
    fill(citizen, "我要举报投诉", before("complaint_evidence"))
    reply = citizen.say(words)
    assert reply.intent in ("skip_field", "answer_field")
    assert desk.bodies[-1]["tracker"]["latest_message"]["metadata"]["written"] == words


@pytest.mark.parametrize("words", ["保存，以后再填", "/save_form"])
def test_a_form_is_put_aside(citizen: Citizen, desk: FakeDesk, words: str) -> None:
    fill(citizen, "我要举报投诉", before("complaint_region"))
    reply = citizen.say(words)
    assert "action_save_draft" in desk.calls
    assert reply.body["active_form"] is None


def test_a_form_put_aside_is_taken_up_with_its_number(citizen: Citizen, desk: FakeDesk) -> None:
    desk.drafts["CG2611200000014"] = ("complaint", dict(before("complaint_region")))
    reply = citizen.say("继续填 CG2611200000014 ACDE-1234")
    assert reply.intent == "resume_draft"
    assert reply.body["active_form"] == "complaint"
    assert reply.asked == "complaint_region"


def test_a_number_that_opens_nothing_opens_no_form(citizen: Citizen, desk: FakeDesk) -> None:
    reply = citizen.say("继续填 CG2611200000014 ACDE-1234")
    assert "action_resume_draft" in desk.calls
    assert reply.body["active_form"] is None


def test_a_saved_form_has_to_wait_for_the_one_that_is_open(citizen: Citizen, desk: FakeDesk) -> None:
    fill(citizen, "我要举报投诉", before("complaint_region"))
    reply = citizen.say("继续填 CG2611200000014 ACDE-1234")
    assert "action_resume_draft" not in desk.calls
    assert reply.asked == "complaint_region"


@pytest.mark.parametrize("words", ["取消", "填错了", "跳过", "继续填表", "保存，以后再填"])
def test_words_about_a_form_without_a_form(citizen: Citizen, words: str) -> None:
    assert "没有正在填的表" in citizen.say(words).texts

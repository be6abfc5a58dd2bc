"""Filling in a form: questions in order, reasons for refusals, corrections, the way out."""

import pytest

from bot.services.forms import FormCatalogue
from bot.settings import PROJECT_ROOT
from tests.actions.conftest import ASSISTANCE, REPORT, Actions
from tests.actions.dialogue import make_tracker, run, slots_set


def before(name: str) -> dict[str, str]:
    """The answers of a report up to a question."""
    return dict(list(REPORT.items())[: list(REPORT).index(name)])


PERSONAL = ("name", "party_id", "phone", "address", "confidential", "party_kind", "privacy", "feedback")


async def test_a_report_asks_its_questions_in_order_and_ends_when_confirmed(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    done = await player.fills_in(**REPORT)
    assert done.asked == "confirm"
    assert done.messages == []
    assert (await player.says("确认提交")).asked is None
    assert player.slots["complaint_phone"] == "13900139000"
    assert player.slots["complaint_region"] == "浙江省杭州市"
    assert player.slots["complaint_period"] == "2026-11-09/2026-11-15"
    assert player.slots["complaint_party_id"] == ""


async def test_an_assistance_request_asks_its_questions_in_order(actions: Actions) -> None:
    player = actions.player("assistance")
    await player.start()
    assert (await player.fills_in(**ASSISTANCE)).asked == "confirm"
    assert player.slots["assistance_services"] == "evidence,opinion"
    assert player.slots["assistance_right_number"] == "202310123456.6"


async def test_an_anonymous_report_is_not_asked_for_a_name(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    answers = {name: text for name, text in REPORT.items() if name not in PERSONAL}
    assert (await player.fills_in(**(answers | {"identity": "匿名"}))).asked == "confirm"


async def test_a_rights_holder_is_asked_for_the_number_and_not_for_anonymity(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(report_type="权利人投诉", right="商标", act="商标侵权", relation="权利人")
    assert player.asked == "right_number"
    await player.fills_in(right_number="12345678", right_name="某某", right_status="跳过", right_proof="注册证")
    told = list(REPORT)[list(REPORT).index("respondent") : list(REPORT).index("identity")]
    await player.fills_in(**{name: REPORT[name] for name in told})
    assert (await player.fills_in(privacy="同意", party_kind="企业")).asked == "name"


async def test_a_form_can_be_sent_with_what_is_needed_alone(actions: Actions) -> None:
    """其余跳过 at the first question that allows it: fifteen answers more make a complaint of a company."""
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(report_type="权利人投诉", right="商标", act="商标侵权", relation="权利人")
    await player.says("其余跳过")
    await player.fills_in(
        respondent="某某店", venue="网上", region="浙江杭州", facts=REPORT["facts"], proceedings="没有", privacy="同意",
        party_kind="企业", name="杭州某某有限公司", contact="李四", phone="13900139000", confidential="可以公开",
        feedback="电子邮件", email="a@b.com", forward="同意", consent="我承诺",
    )  # fmt: skip
    assert player.asked == "confirm"


async def test_a_refused_privacy_consent_is_explained_before_anything_personal_is_asked(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(**before("privacy"))
    said = await player.says("不同意")
    assert player.asked == "privacy" and "不能提交" in said.text
    assert not [slot for slot in ("name", "phone", "party_id") if player.slots.get(f"complaint_{slot}")]


async def test_a_name_is_no_number(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(**before("name"))
    said = await player.says("13900139000")
    assert player.asked == "name" and said.text == actions.ports.texts("rejections.no_letters")


async def test_a_representative_names_whom_they_act_for(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(report_type="权利人投诉", right="商标", act="商标侵权", relation="律师")
    await player.fills_in(principal="杭州某某科技有限公司", agency="某某律师事务所", authority="有的")
    assert player.asked == "right_number"


async def test_what_may_be_skipped_is_skipped_in_one_go(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    answers = list(REPORT.items())
    await player.fills_in(**dict(answers[: list(REPORT).index("goods")]))
    said = await player.says("其余跳过")
    assert said.asked == "proceedings"
    assert said.text == actions.ports.texts("forms.rest_skipped")
    assert [player.slots[f"complaint_{name}"] for name in ("goods", "evidence", "extent", "wanted")] == [""] * 4
    await player.fills_in(proceedings="没有", identity="实名", privacy="同意", party_kind="个人", name="张三")
    await player.fills_in(phone="13900139000", confidential="保密", feedback="不需要")
    assert (await player.fills_in(forward="同意", consent="同意")).asked == "confirm"


async def test_skipping_the_rest_at_a_question_that_is_needed_asks_it_again(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(**before("region"))
    assert (await player.says("其余跳过")).asked == "region"
    assert player.slots["complaint_region"] is None
    await player.fills_in(region="浙江杭州", facts=REPORT["facts"])
    assert player.asked == "proceedings"


async def test_with_nothing_left_to_skip_the_citizen_hears_so(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(**{name: text for name, text in REPORT.items() if name != "consent"})
    said = await player.says("都跳过")
    assert said.asked == "consent"
    assert said.text == actions.ports.texts("forms.rest_needed")


async def test_a_refused_answer_is_explained_and_asked_again(actions: Actions) -> None:
    player = actions.player("complaint")
    player.slots = {"requested_slot": "complaint_phone"}
    said = await player.says("1390013900")
    assert said.text == actions.ports.texts("rejections.phone_too_short")
    assert player.slots["complaint_phone"] is None


async def test_the_second_refusal_offers_a_person(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    answers = dict(REPORT)
    phone = list(answers).index("phone")
    await player.fills_in(**dict(list(answers.items())[:phone]))
    assert "/request_human" not in (await player.says("1390013900")).payloads
    second = await player.says("139")
    assert second.payloads == ["/request_human"]
    assert player.asked == "phone"


async def test_the_second_refusal_of_a_skippable_question_offers_to_skip_it(actions: Actions) -> None:
    player = actions.player("assistance")
    await player.start()
    await player.fills_in(**dict(list(ASSISTANCE.items())[:3]))
    await player.says("ZL202310123456.5")
    assert (await player.says("ZL202310123456.7")).payloads == ["跳过", "/request_human"]
    await player.says("跳过")
    # Whoever does not know the number is not asked how the right stands.
    assert (await player.fills_in(right_name="折叠椅")).asked == "services"


async def test_refusals_before_a_correction_do_not_count(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(**before("region"))
    await player.says("淘宝")
    await player.says("浙江杭州")
    await player.acts(actions["action_correct_field"], "把地区改一下")
    assert player.asked == "region"
    assert (await player.says("网上")).payloads == []


async def test_without_consent_the_form_does_not_go_on(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(**{name: text for name, text in REPORT.items() if name != "consent"})
    said = await player.says("不同意")
    assert player.asked == "consent"
    assert "不能提交" in said.text


@pytest.mark.parametrize("text", ["确认提交", "是的", "再试一次", "yes", "确认", "好的", "我同意提交", "可以提交了吧", "好的，提交吧"])
async def test_the_summary_is_confirmed_in_many_ways(actions: Actions, text: str) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(**REPORT)
    await player.says(text)
    assert player.asked is None
    assert player.slots["complaint_confirm"] == "yes"


@pytest.mark.parametrize("text", ["先别提交", "不提交", "等一下再提交", "提交多久有结果", "多久可以提交", "怎么提交", "提交之前我想问一下要多久能有结果呢"])
async def test_what_only_mentions_submitting_does_not_submit(actions: Actions, text: str) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(**REPORT)
    assert (await player.says(text)).asked == "confirm"
    assert player.slots["complaint_confirm"] is None


async def test_a_correction_at_the_summary_comes_back_to_the_summary(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(**REPORT)
    said = await player.says("电话写错了，改成13800138000")
    assert player.slots["complaint_phone"] == "13800138000"
    assert player.asked == "confirm"
    assert "138****8000" in said.text
    assert "13800138000" not in said.text


async def test_something_else_at_the_summary_is_answered_with_what_is_possible(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(**REPORT)
    assert (await player.says("嗯哼哼")).text == actions.ports.texts("forms.confirm_unclear")
    assert player.asked == "confirm"


async def test_answers_that_are_held_already_pass_again_without_a_word(actions: Actions) -> None:
    """Rasa checks the slots again when a form comes back after the store failed."""
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(**REPORT)
    before = dict(player.slots)
    again = await player.start()
    assert again.messages == []
    assert player.slots == before


async def test_what_an_earlier_answer_made_needless_is_dropped(actions: Actions) -> None:
    slots = {"complaint_report_type": "consumer", "complaint_relation": "随便写的"}
    events = [{"event": "slot", "name": "complaint_relation", "value": "随便写的"}]
    tracker = make_tracker(slots=slots, loop="complaint_form", events=events)
    changed, messages = await run(actions["validate_complaint_form"], tracker)
    assert slots_set(changed)["complaint_relation"] is None
    assert messages == []


async def test_slots_of_others_are_left_alone(actions: Actions) -> None:
    events = [{"event": "slot", "name": "human_offer", "value": "none"}]
    tracker = make_tracker(slots={"human_offer": "none"}, loop="complaint_form", events=events)
    changed, _ = await run(actions["validate_complaint_form"], tracker)
    assert slots_set(changed) == {"requested_slot": "complaint_report_type"}


async def test_the_day_that_the_desk_names_is_today(actions: Actions) -> None:
    player = actions.player("complaint", metadata={"today": "2026-03-05"})
    player.slots = {"requested_slot": "complaint_period"}
    await player.says("昨天")
    assert player.slots["complaint_period"] == "2026-03-04"


@pytest.mark.parametrize(
    "said", ["取消提交", "放弃提交", "先别提交", "等会再提交", "挺好的", "不是很对", "还没核对完不能提交", "提交吗"]
)
def test_nothing_is_submitted_by_words_that_only_sound_like_it(said: str) -> None:
    forms = FormCatalogue.load(PROJECT_ROOT / "knowledge_base")
    assert not forms.words.says_submit(said)

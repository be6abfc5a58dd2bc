"""Changing an earlier answer in the middle of a form, and giving it up."""

from tests.actions.conftest import ASSISTANCE, REPORT, Actions
from tests.actions.dialogue import make_tracker, run, slots_set


def before(name: str) -> dict[str, str]:
    """The answers of a report up to a question."""
    return dict(list(REPORT.items())[: list(REPORT).index(name)])


async def test_a_correction_with_a_new_answer_goes_on_where_the_form_was(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(**before("evidence"))
    asked = player.asked
    said = await player.acts(actions["action_correct_field"], "发生地写错了，应该是江苏苏州")
    assert player.slots["complaint_region"] == "江苏省苏州市"
    assert player.asked == asked
    assert "江苏省苏州市" in said.text


async def test_a_correction_without_a_new_answer_asks_for_it(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(**before("evidence"))
    await player.acts(actions["action_correct_field"], "把地区改一下")
    assert player.asked == "region"
    await player.says("上海浦东")
    assert player.asked == "evidence"


async def test_a_correction_that_cannot_be_taken_is_explained_and_asked_again(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(**before("evidence"))
    said = await player.acts(actions["action_correct_field"], "时间改成明年3月")
    assert player.asked == "period"
    assert "还没到" in said.text


async def test_the_answer_just_given_can_be_taken_back_without_naming_it(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(**before("ongoing"))
    await player.acts(actions["action_correct_field"], "刚才写错了，应该是昨天")
    assert player.slots["complaint_period"] == "2026-11-19"


async def test_a_correction_of_nothing_in_particular_offers_what_was_answered(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(**dict(list(REPORT.items())[:3]))
    said = await player.acts(actions["action_correct_field"], "/correct_field")
    assert said.payloads == ["修改类别", "修改权利类型", "修改违法行为"]
    await player.acts(actions["action_correct_field"], said.payloads[1])
    assert player.asked == "right"


async def test_before_the_first_answer_there_is_nothing_to_correct(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    said = await player.acts(actions["action_correct_field"], "我要改一下")
    assert said.text == actions.ports.texts("forms.nothing_answered")
    assert said.payloads == []


async def test_another_right_makes_the_number_of_the_first_one_doubtful(actions: Actions) -> None:
    player = actions.player("assistance")
    await player.start()
    await player.fills_in(**dict(list(ASSISTANCE.items())[:6]))
    said = await player.acts(actions["action_correct_field"], "权利类型改成商标")
    assert player.asked == "right_number"
    assert "权利号码" in said.text


async def test_a_question_that_is_not_asked_this_time_cannot_be_corrected(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(report_type="消费投诉")
    said = await player.acts(actions["action_correct_field"], "与权利的关系改成权利人")
    assert "用不到" in said.text
    assert "complaint_relation" not in player.slots


async def test_cancelling_empties_every_slot_of_the_form(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(**REPORT)
    events, messages = await run(actions["action_cancel_form"], player.tracker("取消"))
    assert {slot for slot in player.slots if slot.startswith("complaint_")} <= set(slots_set(events))
    assert set(slots_set(events).values()) == {None}
    assert messages == []


async def test_without_an_open_form_there_is_nothing_to_correct_or_cancel(actions: Actions) -> None:
    for name in ("action_correct_field", "action_cancel_form"):
        assert await run(actions[name], make_tracker("电话改成13900139000")) == ([], [])

"""The summary before submitting."""

from tests.actions.conftest import REPORT, Actions
from tests.actions.dialogue import make_tracker, run


async def test_the_summary_shows_the_answers_with_sensitive_ones_masked(actions: Actions) -> None:
    player = actions.player("complaint")
    await player.start()
    await player.fills_in(**(REPORT | {"phone": "137 0013 7000"}))
    _, [message] = await run(actions["action_ask_complaint_confirm"], player.tracker())
    assert "【联系电话】137****7000" in message["text"]
    assert "13700137000" not in message["text"]
    assert "【权利类型】商标" in message["text"]
    assert "【发生时间】2026年11月9日至2026年11月15日" in message["text"]
    assert "【证件号码】未提供" in message["text"]
    assert [button["payload"] for button in message["buttons"]] == ["确认提交", "/correct_field", "/save_form", "/cancel_form"]


async def test_a_long_story_is_shown_with_its_beginning(actions: Actions) -> None:
    player = actions.player("complaint")
    player.slots = {"complaint_facts": "长" * 1000}
    _, [message] = await run(actions["action_ask_complaint_confirm"], player.tracker())
    assert "（共1000字）" in message["text"]
    assert len(message["text"]) < 500


async def test_the_summary_does_not_bury_the_question_which_answer_to_change(actions: Actions) -> None:
    asked = {"requested_slot": "complaint_confirm"}
    action = actions["action_ask_complaint_confirm"]
    for text in ("我要改一下", "有地方填错了"):
        assert await run(action, make_tracker(text, metadata=asked)) == ([], [])
    for text in ("把电话改一下", "再试一次"):
        _, messages = await run(action, make_tracker(text, metadata=asked))
        assert len(messages) == 1


async def test_an_answer_that_sounds_like_a_correction_still_leads_to_the_summary(actions: Actions) -> None:
    """没错了 answers the question before; the summary has not been shown yet."""
    asked = {"requested_slot": "complaint_consent"}
    _, messages = await run(actions["action_ask_complaint_confirm"], make_tracker("没错了", metadata=asked))
    assert len(messages) == 1

"""Putting a form aside and taking it up again, in the dialogue."""

import re
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from actions.ports import ActionPorts
from bot.bootstrap import Desk
from tests.actions.conftest import REPORT, Actions
from tests.actions.dialogue import FormPlayer, make_tracker, run, slots_set
from tests.actions.test_open_ticket import broken_store
from tests.support.citizens import Citizen


@pytest.fixture
async def desk_actions(desk: Desk) -> Actions:
    return Actions(ActionPorts.of(desk))


async def half_filled(actions: Actions, citizen: Citizen) -> FormPlayer:
    player = actions.player("complaint", sender=citizen.conversation_id)
    await player.start()
    await player.fills_in(**dict(list(REPORT.items())[:8]))
    return player


async def saves(actions: Actions, player: FormPlayer) -> tuple[str, str]:
    """Put the form aside; returns what the citizen has to write to take it up again, and all that was said."""
    events, [message] = await run(actions["action_save_draft"], player.tracker("保存，以后再填"))
    player.applies("action_save_draft", events)
    said = re.search(r"“(继续填 [^”]+)”", message["text"])
    assert said, message
    return said[1], message["text"]


async def resumes(actions: Actions, citizen: Citizen, text: str) -> tuple[dict[str, Any], str]:
    tracker = make_tracker(text, sender=citizen.conversation_id)
    events, [message] = await run(actions["action_resume_draft"], tracker)
    return slots_set(events), message["text"]


async def test_a_form_put_aside_goes_on_elsewhere_with_the_next_question(desk: Desk, desk_actions: Actions) -> None:
    first, second = await Citizen.arrives(desk), await Citizen.arrives(desk)
    player = await half_filled(desk_actions, first)
    asked = player.asked
    words, text = await saves(desk_actions, player)
    assert "2026年12月20日" in text
    assert {name: v for name, v in player.slots.items() if name.startswith("complaint_") and v is not None} == {}
    slots, said = await resumes(desk_actions, second, words)
    assert slots["draft_outcome"] == "complaint"
    assert "举报投诉" in said
    other = desk_actions.player("complaint", sender=second.conversation_id, slots=slots)
    went_on = await other.start()
    assert (other.asked, went_on.messages) == (asked, [])
    assert other.slots["complaint_platform"] == REPORT["platform"]


async def test_it_is_sent_from_there_as_one_ticket_and_then_shown_as_such(desk: Desk, desk_actions: Actions) -> None:
    first, second = await Citizen.arrives(desk), await Citizen.arrives(desk)
    words, _ = await saves(desk_actions, await half_filled(desk_actions, first))
    slots, _ = await resumes(desk_actions, second, words)
    other = desk_actions.player("complaint", sender=second.conversation_id, slots=slots)
    await other.start()
    await other.fills_in(**dict(list(REPORT.items())[8:]))
    await other.says("确认提交")
    events, _ = await run(desk_actions["action_open_complaint"], other.tracker())
    opened = slots_set(events)
    assert (opened["ticket_outcome"], opened["draft_number"]) == ("opened", None)
    tracker = make_tracker(words, sender=first.conversation_id)
    events, [message] = await run(desk_actions["action_resume_draft"], tracker)
    assert slots_set(events)["draft_outcome"] == "refused"
    card = message["custom"]["ticket"]
    assert (card["number"], card["code"]) == (opened["ticket_number"], opened["ticket_code"])


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("取回我保存的表", "drafts.ask_number"),
        ("继续填 CG2611200000014", "drafts.ask_number"),
        ("继续填 CG2611200000014 ACDE-1234", "drafts.not_found"),
    ],
)
async def test_what_opens_nothing_is_said(desk: Desk, desk_actions: Actions, text: str, key: str) -> None:
    slots, said = await resumes(desk_actions, await Citizen.arrives(desk), text)
    assert slots == {"draft_outcome": "refused"}
    assert said == desk.texts(key)


async def test_before_the_first_answer_there_is_nothing_to_save(desk: Desk, desk_actions: Actions) -> None:
    citizen = await Citizen.arrives(desk)
    player = desk_actions.player("complaint", sender=citizen.conversation_id)
    await player.start()
    _, [message] = await run(desk_actions["action_save_draft"], player.tracker("保存"))
    assert message["text"] == desk.texts("drafts.nothing")


async def test_a_store_that_is_away_leaves_the_form_open(actions: Actions) -> None:
    failing = actions.with_ports(begin=broken_store, read=broken_store)
    player = failing.player("complaint")
    await player.start()
    await player.says("举报")
    with pytest.raises(OperationalError):
        await run(failing["action_save_draft"], player.tracker("保存"))
    events, [message] = await run(failing["action_resume_draft"], make_tracker("继续填 CG2611200000014 ACDE-1234"))
    assert slots_set(events) == {"draft_outcome": "refused"}
    assert message["text"] == actions.ports.texts("drafts.unavailable")

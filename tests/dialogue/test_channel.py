"""The turn protocol: who may call, what is refused, and state that travels with the message."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from yarl import URL

from tests.dialogue.driver import ROOT, Citizen, EngineProcess
from tests.dialogue.fake_desk import FakeDesk
from tests.dialogue.journeys import COMPLAINT

pytestmark = pytest.mark.engine

TURN = "/webhooks/desk/turn"
MESSAGE = {"conversation": "web:a", "message_id": "1", "text": "你好", "state": None, "metadata": {}}


@pytest.mark.parametrize("token", [None, "", "wrong", "test-token-and-more", "密码".encode().decode("latin-1")])
def test_only_the_desk_may_speak_to_the_engine(engine: EngineProcess, token: str | None) -> None:
    assert engine.request("POST", TURN, MESSAGE, token)[0] == 401


@pytest.mark.parametrize(
    "change", [{"text": ""}, {"text": None}, {"text": 7}, {"conversation": ""}, {"message_id": None}, {"metadata": []}, {"action_port": "12331"}]
)
def test_an_unusable_request_is_refused(engine: EngineProcess, change: dict[str, object]) -> None:
    status, answer = engine.request("POST", TURN, {**MESSAGE, **change})
    assert (status, answer["error"]) == (400, "bad_request")


@pytest.mark.parametrize("typed", ["／open_complaint", "你好，/open_complaint"])
def test_words_set_no_intents(engine: EngineProcess, typed: str) -> None:
    status, answer = engine.request("POST", TURN, {**MESSAGE, "text": typed})
    assert (status, answer["active_form"]) == (200, None)


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b""])
def test_what_is_no_json_is_refused(engine: EngineProcess, body: bytes) -> None:
    assert engine.request("POST", TURN, body)[0] == 400


@pytest.mark.parametrize(
    "state", [{}, {"v": 99}, {"v": 1}, {"v": 1, "slots": {}, "events": [["x"]]}, {"v": 1, "slots": {}, "events": [7]}, "x"]
)
def test_a_foreign_state_is_refused(engine: EngineProcess, state: object) -> None:
    status, answer = engine.request("POST", TURN, {**MESSAGE, "state": state})
    assert (status, answer["error"]) == (400, "bad_state")


def test_rasas_own_api_is_off(engine: EngineProcess) -> None:
    for path in ("/conversations/web:a/tracker", "/model/parse", "/status"):
        assert _status(engine, path) == 404


def _status(engine: EngineProcess, path: str) -> int:
    try:
        return engine.request("GET", path)[0]
    except json.JSONDecodeError:
        return 404


def test_a_form_goes_on_after_thirty_turns_and_the_state_stays_small(citizen: Citizen) -> None:
    citizen.say("我要举报投诉")
    for _, answer in COMPLAINT[:5]:
        citizen.say(answer)
    sizes = []
    for _ in range(30):
        reply = citizen.say("专利能保护几年？")
        assert reply.asked == "complaint_right_name"
        sizes.append(len(json.dumps(citizen.state, ensure_ascii=False).encode()))
    assert max(sizes[4:]) == min(sizes[4:]), "the state grows"
    assert max(sizes) < 4000
    for _, answer in COMPLAINT[5:]:
        reply = citizen.say(answer)
    assert reply.asked == "complaint_confirm"
    assert reply.slots["complaint_report_type"] == "rightholder"


def test_the_engine_remembers_nothing(citizen: Citizen) -> None:
    citizen.say_all("我要举报投诉", "权利人投诉")
    stranger = Citizen(citizen.engine, name=citizen.name)
    reply = stranger.say("专利")
    assert reply.body["active_form"] is None
    assert not [slot for slot in reply.slots if slot.startswith("complaint_")]


def test_a_repeated_turn_starts_from_the_old_state(citizen: Citizen) -> None:
    citizen.say("我要举报投诉")
    first, second = citizen.send("权利人投诉")[1], citizen.send("权利人投诉")[1]
    assert first == second
    assert first["requested_slot"] == "complaint_right"


def test_a_state_from_another_model_loses_only_what_is_unknown(citizen: Citizen) -> None:
    citizen.say_all("我要举报投诉", "权利人投诉")
    citizen.state["slots"]["gone_field"] = "x"
    citizen.state["events"].append(["slot", "gone_field", "y"])
    assert citizen.say("专利").asked == "complaint_act"


def test_conversations_at_the_same_time_do_not_mix(engine: EngineProcess, desk: FakeDesk) -> None:
    citizens = [Citizen(engine, name=f"web:{number}") for number in range(8)]

    def talk(citizen: Citizen) -> str:
        citizen.say_all("我要举报投诉", "权利人投诉", "商标", "商标侵权", "权利人", "跳过", "跳过", "跳过")
        return str(citizen.say(f"第{citizen.name}家店").slots["complaint_respondent"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(talk, citizens)) == [f"第{citizen.name}家店" for citizen in citizens]


def test_a_failed_action_leaves_nothing_behind(citizen: Citizen, desk: FakeDesk) -> None:
    citizen.say("我要举报投诉")
    desk.fails = True
    status, answer = citizen.send("权利人投诉")
    assert (status, answer["error"]) == (502, "action_failed")
    assert answer["action"] == "validate_complaint_form"
    desk.fails = False
    assert citizen.say("权利人投诉").asked == "complaint_right"


def test_actions_are_called_at_the_desk_process_whose_turn_it_is(engine: EngineProcess, desk: FakeDesk) -> None:
    other = FakeDesk(ROOT / "knowledge_base" / "forms")
    other.start()
    try:
        there = Citizen(engine, "web:there", action_port=URL(other.url).port)
        Citizen(engine, "web:here").say_all("我要举报投诉", "权利人投诉")
        assert "validate_complaint_form" in desk.calls and other.calls == []
        desk.reset()
        there.say_all("我要举报投诉", "权利人投诉")
        assert "validate_complaint_form" in other.calls and desk.calls == []
    finally:
        other.stop()


def test_the_domain_is_not_sent_to_actions(citizen: Citizen, desk: FakeDesk) -> None:
    citizen.say("我要举报投诉")
    assert desk.bodies
    assert not [body for body in desk.bodies if body.get("domain")]


def test_actions_see_the_conversation_and_its_metadata(citizen: Citizen, desk: FakeDesk) -> None:
    citizen.say_all("我要举报投诉", "权利人投诉")
    tracker = desk.bodies[-1]["tracker"]
    assert tracker["sender_id"] == citizen.name
    assert tracker["latest_message"]["metadata"] == {
        "today": "2026-11-20", "failed_tries": 0,
        "active_form": "complaint", "requested_slot": "complaint_report_type",
        "written": "权利人投诉",
    }  # fmt: skip

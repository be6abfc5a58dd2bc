"""What is lost or doubled when a process dies: nothing."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator

import pytest

from tests.e2e.citizen import HttpCitizen, texts_of, ticket_of
from tests.e2e.system import System, stopped
from tests.e2e.waiting import until

pytestmark = pytest.mark.engine

QUESTION, ANSWER = "外观设计专利权的保护期限是多少年？", "十五年"
OTHER_QUESTION, OTHER_ANSWER = "注册商标的有效期是多少年？", "十年，自核准注册之日起"


@pytest.fixture(autouse=True)
async def well_before_and_after(system: System, citizen: HttpCitizen) -> AsyncIterator[None]:
    """Each test begins and ends with a system that is well, and with an audit that holds."""
    await citizen.ready()
    yield
    await citizen.ready()
    done = await asyncio.to_thread(system.cli, "audit", "verify")
    assert done.returncode == 0, done.stdout


async def restarted(system: System, citizen: HttpCitizen, died: int) -> None:
    """Wait until the manager has another desk process, and it is ready."""

    async def look() -> bool:
        try:
            return system.desk_pid() != died
        except AssertionError:
            return False

    await until(look, what="another desk process")
    await citizen.ready()


async def settled(citizen: HttpCitizen, text: str, message_id: str) -> dict:
    """Ask with the same message id, as a page does that got no answer, until there is the stored one."""

    async def look() -> dict | None:
        answer = await citizen.say(text, message_id=message_id, wait=5)
        assert answer["duplicate"]
        return answer if answer["settled"] else None

    return await until(look, timeout=60, what=f"an answer to {text}")


def opened_in(system: System, conversation_id: str) -> list[str]:
    """Return the numbers of the tickets of a conversation, as they stand in the store."""
    with sqlite3.connect(f"file:{system.database}?mode=ro", uri=True) as store:
        rows = store.execute("SELECT number FROM ticket WHERE conversation_id = ?", (conversation_id,))
        return [number for (number,) in rows]


async def test_desk_killed_before_the_answer_answers_once(system: System, citizen: HttpCitizen) -> None:
    await citizen.say("你好")
    desk = system.desk_pid()
    with stopped(system.engine_pid()):
        answer = await citizen.say(QUESTION, message_id="before-the-crash", wait=0.3)
        assert not answer["settled"]
        system.kill_desk()
    await restarted(system, citizen, desk)

    answer = await settled(citizen, QUESTION, "before-the-crash")

    assert ANSWER in answer["messages"][-1]["text"]
    await citizen.say("谢谢")
    log = await citizen.log()
    assert [text for text in texts_of(log, "citizen")] == ["你好", QUESTION, "谢谢"]
    assert len([text for text in texts_of(log, "bot") if ANSWER in text]) == 1
    assert [message["seq"] for message in log] == list(range(1, len(log) + 1))


async def test_desk_killed_at_the_last_step_of_a_form_opens_one_ticket(system: System, citizen: HttpCitizen) -> None:
    asked = await citizen.fill_complaint()
    desk = system.desk_pid()
    with stopped(system.engine_pid()):
        await citizen.say("确认提交", message_id="confirm", wait=0.3)
        system.kill_desk()
    await restarted(system, citizen, desk)

    card = ticket_of((await settled(citizen, "确认提交", "confirm"))["messages"])

    assert opened_in(system, asked["conversation"]) == [card["number"]]
    assert (await citizen.ticket(card["number"], card["code"]))["status"] == "submitted"


async def test_desk_killed_between_the_ticket_and_the_reply_opens_one_ticket(
    system: System, citizen: HttpCitizen
) -> None:
    """The action has committed the ticket, the turn has not committed its reply: the narrowest gap."""
    asked = await citizen.fill_complaint()
    conversation, desk = asked["conversation"], system.desk_pid()
    with stopped(system.engine_pid()):
        await citizen.say("确认提交", message_id="confirm", wait=0)
        await ticket_without_reply(system, conversation)
        system.kill_desk()
    before = opened_in(system, conversation)
    assert len(before) == 1
    await restarted(system, citizen, desk)

    card = ticket_of((await settled(citizen, "确认提交", "confirm"))["messages"])

    assert opened_in(system, conversation) == before == [card["number"]]
    assert (await citizen.ticket(card["number"], card["code"]))["number"] == card["number"]


async def ticket_without_reply(system: System, conversation: str) -> None:
    """Let the turn get as far as its ticket and no further; the engine is stopped before and after.

    The engine runs only while this test holds the store's write lock, so its action cannot commit;
    the action commits only while the engine is stopped, so the turn cannot end.
    """
    engine = system.engine_pid()
    store = sqlite3.connect(system.database, isolation_level=None)

    async def look() -> list[str]:
        store.execute("BEGIN IMMEDIATE")
        os.kill(engine, signal.SIGCONT)
        await asyncio.sleep(0.2)
        os.kill(engine, signal.SIGSTOP)
        store.execute("ROLLBACK")
        await asyncio.sleep(0.2)
        return opened_in(system, conversation)

    await until(look, what="the ticket")
    store.close()


async def test_engine_killed_leaves_nobody_without_an_answer(system: System, citizen: HttpCitizen) -> None:
    """Either the engine is back in time, or the citizen is told once and has a place with people."""
    await citizen.say("你好")
    system.kill_engine()

    answer = await citizen.say(QUESTION, wait=20)

    assert answer["settled"]
    if answer["handled_by"] == "queued":
        assert "智能助手暂时不能答复" in answer["messages"][0]["text"]
        assert answer["turn"]["outcome"] == "handoff"
        await citizen.ready()
        await citizen.return_to_bot()
        answer = await citizen.say(QUESTION)
    assert ANSWER in answer["messages"][-1]["text"]
    assert answer["turn"]["citations"]


async def test_fifty_messages_at_once_are_answered_in_order_and_once(system: System, citizen: HttpCitizen) -> None:
    await citizen.say("你好")
    asked = [QUESTION if number % 2 else OTHER_QUESTION for number in range(50)]

    # Each is sent twice, as a client does whose connection broke; all hundred at the same time.
    posts = [citizen.say(text, message_id=f"m{number}") for number, text in enumerate(asked) for _ in range(2)]
    done = await asyncio.gather(*posts)

    first, again = done[::2], done[1::2]
    assert [answer["seq"] for answer in first] == [answer["seq"] for answer in again]
    assert sum(answer["duplicate"] for answer in done) == 50
    answers = [await settled(citizen, text, f"m{number}") for number, text in enumerate(asked)]
    log = await citizen.log()
    assert [message["seq"] for message in log] == list(range(1, len(log) + 1))
    assert len(texts_of(log, "citizen")) == 51
    in_order = sorted(answers, key=lambda answer: answer["seq"])
    replies = [message["seq"] for answer in in_order for message in answer["messages"]]
    assert replies == sorted(set(replies)), "answers overtook each other"
    # Greeting and first message aside, every message of the bot belongs to exactly one of the fifty.
    assert set(replies) == {m["seq"] for m in log if m["author"] == "bot" and m["seq"] > first_seq(answers)}
    for text, answer in zip(asked, answers, strict=True):
        assert answer["turn"]["outcome"] == "answer", answer
        assert (ANSWER if text == QUESTION else OTHER_ANSWER) in answer["messages"][-1]["text"]


def first_seq(answers: list[dict]) -> int:
    """Return the place of the first of the fifty in the conversation."""
    return min(answer["seq"] for answer in answers)

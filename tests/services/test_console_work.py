"""Drafts, leases, mentions and saved views."""

import asyncio
from datetime import timedelta

import pytest

from bot.bootstrap import Desk
from bot.helpdesk.errors import BadRequest, Forbidden
from bot.services import desk_work, handoff, leases, mentions, saved_views, unsent_texts
from bot.services.leases import LIFETIME, LeaseHeld
from bot.services.mentions import named_in
from bot.services.saved_views import ViewNotFound
from bot.store.tables import Agent
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen


@pytest.fixture
async def li(desk: Desk) -> Agent:
    return await make_agent(desk, "李明")


@pytest.fixture
async def wang(desk: Desk) -> Agent:
    return await make_agent(desk, "王敏")


# --- drafts ---------------------------------------------------------------------------------


async def test_a_draft_is_kept_for_its_agent_and_its_kind_until_it_is_emptied(desk: Desk, li: Agent, wang: Agent) -> None:
    async def keep(agent: Agent, kind: str, text: str) -> None:
        async with desk.begin() as session:
            await unsent_texts.keep(session, agent, kind, "t1", text=text, now=desk.clock())

    async def kept(agent: Agent) -> dict[str, str]:
        async with desk.read() as session:
            return await unsent_texts.drafts_of(session, agent, "ticket", "t1")

    await keep(li, "ticket.reply", "您")
    await keep(li, "ticket.reply", "您好")
    await keep(li, "ticket.note", "核对")
    await keep(li, "conversation.reply", "别的")
    assert await kept(li) == {"reply": "您好", "note": "核对"}
    assert await kept(wang) == {}
    await keep(li, "ticket.reply", " ")
    assert await kept(li) == {"note": "核对"}
    for kind, text in (("diary", "x"), ("ticket.note", "长" * 4001)):
        with pytest.raises(BadRequest):
            await keep(li, kind, text)


async def test_two_tabs_may_begin_the_same_draft_at_once(desk: Desk, li: Agent) -> None:
    async def keep(text: str) -> None:
        async with desk.begin() as session:
            await unsent_texts.keep(session, li, "ticket.reply", "t1", text=text, now=desk.clock())
            await asyncio.sleep(0.05)

    await asyncio.gather(keep("您好"), keep("您好，"))
    async with desk.read() as session:
        assert (await unsent_texts.drafts_of(session, li, "ticket", "t1"))["reply"] in ("您好", "您好，")


# --- leases ---------------------------------------------------------------------------------


async def acquire(desk: Desk, agent: Agent, **options: bool) -> None:
    async with desk.begin() as session:
        await leases.acquire(session, agent, "ticket", "t1", now=desk.clock(), **options)


async def test_a_lease_keeps_others_out_until_it_ends(desk: Desk, li: Agent, wang: Agent) -> None:
    await acquire(desk, li)
    with pytest.raises(LeaseHeld) as caught:
        await acquire(desk, wang)
    assert caught.value.details["agent_name"] == "李明"
    async with desk.begin() as session:
        with pytest.raises(LeaseHeld):
            await leases.check(session, wang, "ticket", "t1", now=desk.clock())
        await leases.check(session, li, "ticket", "t1", now=desk.clock())
        await leases.check(session, wang, "ticket", "t2", now=desk.clock())
    desk.clock.move(LIFETIME)
    await acquire(desk, wang)


async def test_a_renewed_lease_lasts_longer(desk: Desk, li: Agent, wang: Agent) -> None:
    await acquire(desk, li)
    desk.clock.move(LIFETIME - timedelta(seconds=1))
    await acquire(desk, li)
    desk.clock.move(timedelta(seconds=30))
    with pytest.raises(LeaseHeld):
        await acquire(desk, wang)


async def test_a_lease_is_taken_over_or_given_back(desk: Desk, li: Agent, wang: Agent) -> None:
    await acquire(desk, li)
    await acquire(desk, wang, take_over=True)
    with pytest.raises(LeaseHeld):
        await acquire(desk, li)
    async with desk.begin() as session:
        await leases.release(session, li, "ticket", "t1")
        holder = await leases.holder(session, "ticket", "t1", now=desk.clock())
        assert holder and holder.agent_name == "王敏"
        await leases.release(session, wang, "ticket", "t1")
        assert await leases.holder(session, "ticket", "t1", now=desk.clock()) is None


async def test_of_two_who_begin_at_once_one_writes(desk: Desk, li: Agent, wang: Agent) -> None:
    outcomes = await asyncio.gather(acquire(desk, li), acquire(desk, wang), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LeaseHeld", "NoneType"]


# --- mentions -------------------------------------------------------------------------------


def test_the_longest_name_after_the_sign_is_meant() -> None:
    names = {"王敏", "王敏华", "李明"}
    assert named_in("请@王敏华 看", names) == {"王敏华"}
    assert named_in("＠李明，@王敏你们看", names) == {"李明", "王敏"}
    assert named_in("a@王 李明 @", names) == set()


async def test_a_note_tells_nobody_what_they_may_not_read(desk: Desk, li: Agent) -> None:
    citizen = await Citizen.arrives(desk)
    facts = {"right": "patent", "region": "广东省深圳市"}
    ticket = (await make_ticket(desk, citizen.conversation_id, facts=facts)).ticket
    keeper, local = await make_agent(desk, "郭管理", "administrator"), await make_agent(desk, "杭小州", regions=["330100"])
    auditor = await make_agent(desk, "沈审计", "auditor")
    async with desk.begin() as session:
        text = "@郭管理 @杭小州 @沈审计 请看"
        of_ticket = await desk_work.add_note(session, li, ticket.id, text=text, now=desk.clock())
        note = await handoff.add_note(session, li, citizen.conversation_id, text=text, now=desk.clock())
    assert set(of_ticket) == set(note.not_told) == {"郭管理", "杭小州"}, "whoever wrote it knows who was not told"
    async with desk.read() as session:
        told = [len(await mentions.mentions_of(session, agent)) for agent in (keeper, local, auditor)]
    assert told == [0, 0, 2]


async def test_who_is_named_in_a_note_is_told_once_seen_no_more(desk: Desk, li: Agent, wang: Agent) -> None:
    citizen = await Citizen.arrives(desk)
    ticket = (await make_ticket(desk, citizen.conversation_id)).ticket
    async with desk.begin() as session:
        await desk_work.add_note(session, li, ticket.id, text="@王敏 请核对注册证，@李明 记", now=desk.clock())
        await handoff.add_note(session, li, citizen.conversation_id, text="@王敏 会话里也看看", now=desk.clock())
        await desk_work.add_note(session, li, ticket.id, text="没有提到谁", now=desk.clock())
    async with desk.read() as session:
        found = await mentions.mentions_of(session, wang)
        assert [(m.by_name, m.ticket_number, m.conversation_id, m.is_seen) for m in found] == [
            ("李明", None, citizen.conversation_id, False),
            ("李明", ticket.number, None, False),
        ]
        assert [m.id for m in await mentions.mentions_of(session, wang, before=found[0].id)] == [found[1].id]
        assert await mentions.count_unseen(session, wang) == 2
        assert await mentions.count_unseen(session, li) == 0
    async with desk.begin() as session:
        await mentions.mark_seen(session, wang, up_to=found[1].id, now=desk.clock())
        assert await mentions.count_unseen(session, wang) == 1


# --- saved views ----------------------------------------------------------------------------


async def test_views_are_ones_own_or_everybodys(desk: Desk, li: Agent, wang: Agent) -> None:
    async def save(agent: Agent, name: str, **options: bool) -> str:
        async with desk.begin() as session:
            return await saved_views.save_view(
                session, agent, name=name, filters={"queue": "patent"}, sort="due", now=desk.clock(), **options
            )

    own, shared = await save(li, "我的专利"), await save(li, "全部专利", is_shared=True)
    assert await save(li, "我的专利 ") == own
    async with desk.read() as session:
        assert [view.id for view in await saved_views.views_for(session, wang)] == [shared]
        assert {view.id: view.is_mine for view in await saved_views.views_for(session, li)} == {own: True, shared: True}
    async with desk.begin() as session:
        with pytest.raises(ViewNotFound):
            await saved_views.remove_view(session, wang, own)
        with pytest.raises(Forbidden):
            await saved_views.remove_view(session, wang, shared)
        await saved_views.remove_view(session, wang, shared, may_remove_shared=True)
        await saved_views.remove_view(session, li, own)
        assert await saved_views.views_for(session, li) == []
    for name in ("", "长" * 41):
        with pytest.raises(BadRequest):
            await save(li, name)

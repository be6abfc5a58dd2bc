"""An agent of one city and the matters of another: not there, whichever way one looks for them."""

import pytest

from bot.services import handoff
from bot.store.tables import Ticket
from tests.console.driver import API
from tests.console.test_access import hand_in
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen

HANGZHOU, SHENZHEN = "浙江省杭州市西湖区", "广东省深圳市南山区"


class Matter:
    """A citizen who waits for a person, with a ticket and a file."""

    def __init__(self, citizen, ticket, receipt):
        self.citizen, self.ticket, self.receipt = citizen, ticket, receipt

    @property
    def paths(self):
        """Every address that answers about it; with a body those that change it."""
        ticket, talk = f"{API}/tickets/{self.ticket.id}", f"{API}/conversations/{self.citizen.conversation_id}"
        page = f"/console/tickets/{self.ticket.id}"
        yield from (("GET", path) for path in (page, f"{page}/clocks", f"{page}/audit", f"{ticket}/clocks", talk))
        yield "GET", f"{talk}/colleagues"
        yield "GET", f"/console/tickets/number/{self.ticket.number}"
        yield "GET", f"/console/tickets/find?number={self.ticket.number}"
        yield "GET", f"{API}/evidence/{self.receipt.id}"
        yield "GET", f"{API}/evidence/receipts/{self.receipt.receipt}"
        for step in ("transitions", "assignment", "notes", "replies", "reveal", "forward", "document", "queue"):
            yield "POST", f"{ticket}/{step}"
        for step in ("claim", "replies", "notes", "hand-back", "close"):
            yield "POST", f"{talk}/{step}"


async def matter_in(desk, region):
    citizen = await Citizen.arrives(desk)
    await citizen.sends(f"我在{region}")
    facts = {"right": "trademark", "facts": region, "region": region, "phone": "13800005678"}
    ticket = (await make_ticket(desk, citizen.conversation_id, facts=facts)).ticket
    receipt = await hand_in(desk, ticket_id=ticket.id)
    async with desk.begin() as session:
        await handoff.request_human(session, desk.office, citizen.conversation_id, reason="asked", now=desk.clock())
    return Matter(citizen, ticket, receipt)


@pytest.fixture
async def ours(desk):
    return await matter_in(desk, HANGZHOU)


@pytest.fixture
async def theirs(desk):
    return await matter_in(desk, SHENZHEN)


BODY = {
    "to": "accepted", "version": 1, "text": "您好", "client_id": "c1", "field": "phone", "reason": "",
}  # fmt: skip


async def answer_of(browser, method, path):
    if method == "GET":
        answer = await browser.client.get(path, allow_redirects=False)
    else:
        answer = await browser.post(path.removeprefix(API), BODY)
    text = await answer.text()
    return answer.status, text


async def test_a_foreign_matter_answers_exactly_like_a_missing_one(enter, desk, theirs):
    li = await enter("李明", "supervisor", ["330100"])
    missing = Matter(theirs.citizen, theirs.ticket, theirs.receipt)
    missing.citizen = type("Nobody", (), {"conversation_id": "web:nobody"})()
    missing.ticket = type("None", (), {"id": "nothing", "number": "TS2611200000015"})()
    missing.receipt = type("None", (), {"id": "nothing", "receipt": "ACDEFGHJKMNPRT"})()
    for foreign, absent in zip(theirs.paths, missing.paths, strict=True):
        there, nowhere = await answer_of(li, *foreign), await answer_of(li, *absent)
        assert there == nowhere and there[0] == 404, (foreign, there, nowhere)
    async with desk.read() as session:
        ticket = await session.get_one(Ticket, theirs.ticket.id)
        # Opened, and a file handed in; nothing since.
        assert (ticket.status, ticket.version, ticket.audit_seq) == ("submitted", 2, 2)


async def test_what_lies_in_the_own_region_opens(enter, ours):
    li = await enter("李明", regions=["330100"])
    for method, path in ours.paths:
        if method == "GET":
            assert (await li.client.get(path)).status == 200, path
    assert (await li.post(f"/conversations/{ours.citizen.conversation_id}/claim")).status == 200


async def test_lists_and_counts_hold_only_what_lies_in_the_own_region(enter, ours, theirs):
    li, boss = await enter("李明", regions=["3301"]), await enter("赵强", "supervisor")
    seen, all_of_it = await li.get("/tickets"), await boss.get("/tickets")
    assert [item["number"] for item in seen["items"]] == [ours.ticket.number]
    assert len(all_of_it["items"]) == 2
    for who, count in ((li, "1"), (boss, "2")):
        waiting = await who.get("/conversations?view=queued")
        assert waiting["counts"]["queued"]["count"] == count and len(waiting["items"]) == int(count)
        assert [queue["open"] for queue in waiting["tickets"] if queue["id"] == "trademark"] == [int(count)]
    for path in ("/console/tickets", "/console/tickets?scope=all", "/console/tickets?queue=trademark"):
        page = await li.page(path)
        assert ours.ticket.number in page and theirs.ticket.number not in page


async def test_a_foreign_conversation_cannot_be_watched_and_a_foreign_ticket_is_not_heard_of(enter, desk, ours, theirs):
    li, boss = await enter("李明", regions=["330100"]), await enter("赵强", "supervisor")
    socket = await li.live()
    for matter in (theirs, ours):
        await socket.send_json({"type": "watch", "conversation": matter.citizen.conversation_id, "after": 0})
    for matter in (theirs, ours):
        body = {"to": "accepted", "version": matter.ticket.version}
        # The file that was handed in counted as a change of the ticket.
        answer = await boss.post(f"/tickets/{matter.ticket.id}/transitions", body | {"version": 2})
        assert answer.status == 200, await answer.text()
    heard = []
    while not any(event["type"] == "ticket" for event in heard):
        heard.append(await socket.receive_json(timeout=5))
    assert {event["id"] for event in heard if event["type"] == "ticket"} == {ours.ticket.id}
    told = {event["conversation"] for event in heard if event["type"] in ("messages", "status")}
    assert theirs.citizen.conversation_id not in told


async def test_a_matter_without_a_region_is_for_everybody(enter, desk):
    li = await enter("李明", regions=["330100"])
    citizen = await Citizen.arrives(desk)
    ticket = (await make_ticket(desk, citizen.conversation_id)).ticket
    await li.page(f"/console/tickets/{ticket.id}")
    await li.get(f"/conversations/{citizen.conversation_id}")


async def test_who_has_a_conversation_keeps_it_when_a_foreign_ticket_comes_of_it(enter, desk):
    li = await enter("李明", regions=["330100"])
    citizen = await Citizen.arrives(desk)
    async with desk.begin() as session:
        await handoff.request_human(session, desk.office, citizen.conversation_id, reason="asked", now=desk.clock())
    await li.post(f"/conversations/{citizen.conversation_id}/claim")
    await make_ticket(desk, citizen.conversation_id, facts={"right": "patent", "region": SHENZHEN})
    answer = await li.post(f"/conversations/{citizen.conversation_id}/replies", {"text": "您好", "client_id": "c1"})
    assert answer.status == 201


async def test_a_ticket_is_not_given_to_somebody_of_another_region(enter, theirs):
    boss, li = await enter("赵强", "supervisor"), await enter("李明", regions=["330100"])
    body = {"version": 2, "to_agent_id": li.agent.id}
    answer = await boss.post(f"/tickets/{theirs.ticket.id}/assignment", body)
    assert answer.status == 409 and (await answer.json())["code"] == "colleague_elsewhere"


async def test_a_new_region_counts_from_the_next_log_in_on(enter, desk, ours):
    li, boss = await enter("李明", regions=["330100"]), await enter("管理", "administrator")
    fields = {"name": "李明", "role": "agent", "regions": "440300", "is_active": "yes"}
    assert (await boss.post_form(f"/console/staff/{li.agent.id}", **fields)).status == 303
    assert (await li.client.get(f"{API}/tickets")).status == 401
    await li.log_in(li.agent.login)
    assert (await li.get("/tickets"))["items"] == []

"""From the confirmed form to the ticket: routed with reasons, forwarded if it is another centre's."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.bootstrap import Desk
from bot.helpdesk.errors import CentreUnknown, IllegalTransition
from bot.helpdesk.routing import Centre
from bot.services import audit, desk_work
from bot.services.fields.divisions import Divisions
from bot.services.forwarding import forward
from bot.services.intake import Submission, reasons_in_words, route_form, submit
from bot.services.life_cycle.looking import transfers_of
from bot.services.life_cycle.transfers import record_feedback
from bot.services.office import Office
from bot.services.opening import OpenedTicket
from bot.store.tables import SlaClock, Ticket, TicketEntry
from tests.support.builders import make_agent
from tests.support.citizens import Citizen
from tests.support.library import real_library

FORMS = real_library().forms
SUZHOU = Centre("suzhou", "苏州中心", ("3205",), phone="0512-12330", hours="工作日9:00—17:00", is_automatic=True)
COMPLAINT = {
    "report_type": "rightholder", "right": "trademark", "act": "trademark_infringement", "relation": "owner",
    "respondent": "某某百货店", "venue": "market", "region": "江苏省苏州市", "period": "2026-11",
    "facts": "在市场里买到三件印着我们商标的外套，吊牌不是我们的。", "proceedings": "没有", "name": "张三",
    "party_kind": "company", "phone": "0571-88881234", "forward": "yes", "consent": "yes",
}  # fmt: skip


def with_centres(office: Office, *centres: Centre) -> Office:
    """The office of a centre in Hangzhou with these neighbours."""
    here = Centre("main", "杭州中心", ("3301",))
    return replace(office, routing=replace(office.routing, centres={c.id: c for c in (here, *centres)}, signals=()))


async def send(desk: Desk, office: Office, citizen: Citizen, **changes: str) -> OpenedTicket:
    sent = Submission(FORMS.form("complaint"), COMPLAINT | changes, "web", citizen.conversation_id)
    async with desk.begin() as session:
        return await submit(session, office, FORMS, sent, now=desk.clock())


async def notes(desk: Desk, ticket_id: str) -> list[str]:
    async with desk.read() as session:
        query = select(TicketEntry.text).where(TicketEntry.ticket_id == ticket_id, TicketEntry.kind == "note")
        return list(await session.scalars(query))


async def test_a_matter_of_ours_is_opened_with_its_reasons_sealed(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    opened = await send(desk, with_centres(desk.office, SUZHOU), citizen, region="浙江省杭州市西湖区", extent="600件，60000元")
    assert (opened.ticket.status, opened.ticket.centre, opened.ticket.queue) == ("submitted", "main", "trademark")
    async with desk.read() as session:
        items = await desk_work.timeline(session, opened.ticket.id, staff=True)
        assert await audit.chain_holds(session, await session.get_one(Ticket, opened.ticket.id))
    routed = next(item for item in items if item.kind == "ticket.routed")
    assert (routed.actor, routed.new["region"], routed.new["skills"]) == (
        "system", "330106", ["queue:trademark", "right:trademark"],
    )  # fmt: skip
    assert reasons_in_words(desk.office, routed.new["reasons"]) == [
        "行为发生地浙江省杭州市西湖区，由杭州中心办理",
        "商标，进入商标队列",
    ]


@pytest.mark.parametrize(
    ("place", "code"),
    [("浙江省杭州市西湖区", "330106"), ("浙江省杭州市钱塘区", "330114"), ("北京市海淀区", "110108"), ("境外", None)],
)
async def test_a_ticket_lies_in_the_region_that_its_form_names(desk: Desk, place: str, code: str | None) -> None:
    opened = await send(desk, desk.office, await Citizen.arrives(desk), region=place)
    async with desk.read() as session:
        assert (await session.get_one(Ticket, opened.ticket.id)).region == code


@pytest.mark.parametrize("value", [None, "", "不知道", 33])
def test_what_is_no_place_lies_in_no_region(value: object) -> None:
    assert FORMS.divisions.region_of(value) is None


async def test_the_shipped_rules_say_what_is_urgent_and_why(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    opened = await send(desk, desk.office, citizen, venue="exhibition", extent="600件，60000元")
    assert (opened.ticket.urgency, opened.ticket.priority) == ("high", "high")
    async with desk.read() as session:
        items = await desk_work.timeline(session, opened.ticket.id, staff=True)
    [routed] = [item for item in items if item.kind == "ticket.routed"]
    assert reasons_in_words(desk.office, routed.new["reasons"])[2:] == [
        "发生在展会，展期短，优先处理", "涉及金额较大，优先处理",
    ]  # fmt: skip


async def test_another_centres_matter_is_forwarded_with_a_warm_word(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    office = with_centres(desk.office, SUZHOU)
    opened = await send(desk, office, citizen)
    assert (opened.ticket.status, opened.ticket.centre) == ("transferred", "suzhou")
    [told] = [message.text for message in await citizen.sees() if message.author == "system"]
    for part in (opened.ticket.number, "苏州中心", "0512-12330", "工作日9:00—17:00"):
        assert part in told
    assert await notes(desk, opened.ticket.id) == [office.texts("routing.forwarded_note", centre="苏州中心")]
    async with desk.read() as session:
        clocks = {c.clock: c.state for c in await session.scalars(select(SlaClock).where(SlaClock.subject_id == opened.ticket.id))}
        assert await audit.chain_holds(session, await session.get_one(Ticket, opened.ticket.id))
    assert (clocks["acceptance"], clocks["first_response"]) == ("met", "met")
    again = await send(desk, office, citizen)
    assert (again.created, again.ticket.number) == (False, opened.ticket.number)
    assert len([message for message in await citizen.sees() if message.author == "system"]) == 1


@pytest.mark.parametrize(
    ("centre", "agreed", "key"),
    [
        (SUZHOU, "no", "routing.proposed_without_consent"),
        (replace(SUZHOU, is_automatic=False), "yes", "routing.proposed"),
    ],
)
async def test_without_consent_or_by_hand_it_is_only_proposed(desk: Desk, centre: Centre, agreed: str, key: str) -> None:
    citizen = await Citizen.arrives(desk)
    office = with_centres(desk.office, centre)
    opened = await send(desk, office, citizen, forward=agreed)
    assert (opened.ticket.status, opened.ticket.centre) == ("submitted", "main")
    assert await notes(desk, opened.ticket.id) == [office.texts(key, centre="苏州中心")]
    assert [message for message in await citizen.sees() if message.author == "system"] == []


@pytest.mark.parametrize("agreed", ["yes", "no"])
async def test_an_agent_forwards_by_hand_and_not_twice(desk: Desk, agreed: str) -> None:
    citizen, agent = await Citizen.arrives(desk), await make_agent(desk)
    office = with_centres(desk.office, replace(SUZHOU, is_automatic=False, phone=None))
    opened = await send(desk, office, citizen, forward=agreed)
    async with desk.begin() as session:
        ticket = await desk_work.access_ticket(session, agent, opened.ticket.id, version=opened.ticket.version)
        await forward(session, office, ticket, office.routing.centres["suzhou"], actor=agent.id, now=desk.clock())
    told = (await citizen.sees())[-1].text
    assert "12330" in told and ("按您的同意" in told) == (agreed == "yes")
    for centre, error in (("suzhou", IllegalTransition), ("main", CentreUnknown)):
        with pytest.raises(error):
            async with desk.begin() as session:
                ticket = await desk_work.access_ticket(session, agent, opened.ticket.id, lock=True)
                await forward(session, office, ticket, office.routing.centres[centre], actor=agent.id, now=desk.clock())


async def test_what_was_forwarded_by_itself_awaits_feedback_and_may_come_back(desk: Desk) -> None:
    citizen, agent = await Citizen.arrives(desk), await make_agent(desk)
    office = with_centres(desk.office, SUZHOU)
    ticket_id = (await send(desk, office, citizen)).ticket.id
    async with desk.read() as session:
        [transfer] = await transfers_of(session, ticket_id)
        version = (await session.get_one(Ticket, ticket_id)).version
    assert (transfer.authority, transfer.received_at, transfer.feedback_at) == ("苏州中心", None, None)
    assert "0512-12330" in transfer.contact
    async with desk.begin() as session:
        returned = await record_feedback(
            session, office, agent, ticket_id, transfer.id,
            text="行为地在杭州", returned=True, version=version, now=desk.clock(),
        )  # fmt: skip
    assert (returned.status, returned.centre) == ("in_progress", office.routing.own)
    async with desk.read() as session:
        assert await audit.chain_holds(session, await session.get_one(Ticket, ticket_id))


# --- where a form belongs (no database) -----------------------------------------------------


@pytest.fixture(scope="module")
def office() -> Office:
    from bot.texts import Texts

    return with_centres(Office(texts=Texts.load(), sla=None, signer=None), SUZHOU)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "centre", "source"),
    [
        ({"region": "江苏省苏州市虎丘区"}, "suzhou", "act"),
        ({"region": "境外", "market": "苏州某某市场3号"}, "suzhou", "address"),
        ({"region": "境外", "respondent": "苏州市吴中区某某路5号某某厂"}, "suzhou", "address"),
        ({"region": "境外", "phone": "0512-65551234"}, "suzhou", "phone"),
        ({"region": "境外"}, "main", "phone"),
    ],
)
def test_places_count_in_order(office: Office, changes: dict[str, str], centre: str, source: str) -> None:
    found = route_form(office, FORMS, FORMS.form("complaint"), COMPLAINT | changes)
    assert found.centre.id == centre
    assert found.reasons[0].details["source"] == source


def test_in_an_assistance_request_the_region_is_where_the_citizen_lives(office: Office) -> None:
    values = {"applicant_type": "company", "right": "patent", "region": "江苏省苏州市", "relation": "owner"}
    found = route_form(office, FORMS, FORMS.form("assistance"), values)
    assert found.reasons[0].details["source"] == "home"


def test_where_the_citizen_lives_counts_after_their_domicile(office: Office) -> None:
    values = {"applicant_type": "person", "right": "patent", "region": "境外", "relation": "owner"}
    lives = route_form(office, FORMS, FORMS.form("assistance"), values | {"residence": "江苏省苏州市"})
    assert (lives.centre.id, lives.reasons[0].details["source"]) == ("suzhou", "home")
    same = values | {"region": "江苏省苏州市", "residence": "与住所地相同"}
    assert route_form(office, FORMS, FORMS.form("assistance"), same).centre.id == "suzhou"


def test_an_address_of_the_other_side_that_stands_apart_from_the_name_counts(office: Office) -> None:
    told = COMPLAINT | {"region": "境外", "phone": "13900139000", "respondent_details": "江苏省苏州市某某路1号"}
    assert route_form(office, FORMS, FORMS.form("complaint"), told).reasons[0].details["source"] == "address"


def test_every_region_that_the_forms_know_has_a_code_of_its_own() -> None:
    regions = FORMS._regions
    names = {place.name for places in regions._by_name.values() for place in places}
    codes = {name: FORMS.divisions.code_of(name) for name in names}
    assert [name for name, code in codes.items() if code is None or len(code) != 6] == []
    assert len(set(codes.values())) == len(codes)
    assert codes["浙江省杭州市西湖区"] == "330106"
    assert (codes["上海市浦东新区"], codes["四川省"]) == ("310115", "510000")


@pytest.mark.parametrize(
    ("phone", "names"),
    [
        ("010-12345678", ["北京市"]),
        ("0571-88881234", ["浙江省杭州市"]),
        ("029-81234567-801", ["陕西省西安市", "陕西省咸阳市"]),
        ("0731-81234567", ["湖南省长沙市", "湖南省湘潭市", "湖南省株洲市"]),
        ("13900139000", []),
        ("+85223456789", []),
    ],
)
def test_an_area_code_names_the_cities_that_share_it(phone: str, names: list[str]) -> None:
    divisions: Divisions = FORMS.divisions
    assert [divisions.name_of(code) for code in divisions.of_phone(phone)] == names


def test_every_city_has_an_area_code() -> None:
    divisions = FORMS.divisions
    served = {code[:4] for codes in divisions._areas.values() for code in codes}
    cities = [c for c in divisions._names if c.endswith("00") and not c.endswith("0000") and c[:2] not in ("46", "81", "82")]
    assert [divisions.name_of(code) for code in cities if code[:4] not in served] == []

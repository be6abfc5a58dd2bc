"""Builders with valid defaults."""

import itertools
from collections.abc import Sequence

from bot.bootstrap import Desk
from bot.services.accounts import add_account
from bot.services.ids import new_id
from bot.services.opening import OpenedTicket, TicketDraft, open_ticket
from bot.services.staff import Passwords
from bot.store.tables import Agent

_logins = itertools.count(1)


async def make_agent(
    desk: Desk, name: str = "李坐席", role: str = "agent", *, regions: Sequence[str] = ()
) -> Agent:
    """An agent with the password `correct horse battery`."""
    password_hash = await Passwords().hash("correct horse battery")
    async with desk.begin() as session:
        return await add_account(
            session, login=f"agent{next(_logins)}", name=name, role=role, regions=regions,
            password_hash=password_hash, now=desk.clock(),
        )  # fmt: skip


async def make_ticket(desk: Desk, conversation_id: str, **changes: object) -> OpenedTicket:
    """A complaint about a trade mark."""
    values: dict[str, object] = {
        "kind": "complaint",
        "subject": "举报投诉：商标",
        "facts": {"right": "trademark", "facts": "网店销售假冒我公司商标的水杯"},
        "queue": "trademark",
        "channel": "web",
        "conversation_id": conversation_id,
    } | changes
    values.setdefault("region", desk.forms.divisions.region_of(values["facts"].get("region")))
    async with desk.begin() as session:
        return await open_ticket(session, desk.office, TicketDraft(**values), now=desk.clock())


async def make_person(
    desk: Desk, name: str = "李坐席", role: str = "agent", email: str | None = None
) -> Agent:
    """An account that nobody logs in to, made without the cost of hashing a password."""
    agent = Agent(
        id=new_id(desk.clock()), login=f"person{next(_logins)}", name=name, role=role, password_hash="-",
        must_change_password=False, is_active=True, created_at=desk.clock(), email=email,
    )  # fmt: skip
    async with desk.begin() as session:
        session.add(agent)
    return agent

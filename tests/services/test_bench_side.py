"""What the bench asks of a desk works, at sizes that measure nothing: it uses our services as they are."""

import pytest

from bench.peers.ours_side import Side
from bot.bootstrap import Desk


@pytest.fixture
def side(desk: Desk, database_url: str) -> Side:
    return Side(desk, database_url)


async def test_it_signs_an_agent_in_and_opens_tickets(side: Side) -> None:
    agent = await side.set_up()
    assert agent["cookie"].startswith("rightsdesk_staff=") and agent["csrf"]
    assert len((await side.talking(count=2))["tokens"]) == 2
    assert (await side.open(clients=2, each=2))["count"] == 4
    assert await side.verify() == {"holds": True, "tickets": 4}


async def test_it_lists_and_sweeps_what_it_loads(side: Side) -> None:
    await side.load(tickets=250, still_open=240)
    assert len((await side.first_page(times=2, size=50))["took"]) == 2
    await side.load_clocks(first=0, count=60, due=5, clock="resolution")
    assert (await side.sweep())["seconds"] > 0
    await side.load_clocks(first=0, count=20, due=20, clock="out1")
    assert (await side.sweep_beside_writer())["took"]

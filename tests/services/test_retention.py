"""Old notices and deliveries are deleted once they were read or arrived, in short steps; others never."""

from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from bot import worker
from bot.bootstrap import Desk
from bot.services.ids import first_id, new_id
from bot.services.retention import delete_old
from bot.settings import Settings
from bot.store.tables import Delivery, DeliveryAttempt, Notice
from tests.support.builders import make_person
from tests.support.clock import FakeClock
from tests.support.plans import plans

DAY = timedelta(days=1)


def ago(clock: FakeClock, days: int) -> datetime:
    return clock() - days * DAY


async def add_notice(desk: Desk, agent_id: str, key: str, *, made: int, read: int | None) -> None:
    async with desk.begin() as session:
        session.add(
            Notice(
                agent_id=agent_id, kind="sla.warned", key=key, created_at=ago(desk.clock, made),
                read_at=None if read is None else ago(desk.clock, read),
            )
        )  # fmt: skip


async def add_delivery(desk: Desk, key: str, *, made: int, status: str, settled: int | None) -> None:
    at = ago(desk.clock, made)
    row = Delivery(
        id=new_id(at), kind="email", target="a@example.org", event="sla.warned", event_key=key, payload={}, status=status,
        next_attempt_at=at, created_at=at, settled_at=None if settled is None else ago(desk.clock, settled),
    )  # fmt: skip
    async with desk.begin() as session:
        session.add(row)
        await session.flush()
        session.add(DeliveryAttempt(delivery_id=row.id, at=at, outcome="delivered", duration_ms=1))


async def left(desk: Desk) -> tuple[list[str], list[str], int]:
    async with desk.read() as session:
        notices = await session.scalars(select(Notice.key).order_by(Notice.key))
        deliveries = await session.scalars(select(Delivery.event_key).order_by(Delivery.event_key))
        return list(notices), list(deliveries), len((await session.scalars(select(DeliveryAttempt.id))).all())


async def test_what_was_read_or_arrived_long_ago_goes_and_all_else_stays(desk: Desk, clock: FakeClock) -> None:
    person = await make_person(desk)
    for key, made, read in (("gone", 300, 181), ("lately read", 300, 179), ("unread", 900, None)):
        await add_notice(desk, person.id, key, made=made, read=read)
    for key, made, status, settled in (
        ("gone", 181, "sent", 181), ("sent again", 400, "sent", 3), ("young", 100, "sent", 100),
        ("dead", 900, "dead", 899), ("waits", 900, "pending", None),
    ):  # fmt: skip
        await add_delivery(desk, key, made=made, status=status, settled=settled)
    await worker.delete_old_notices(desk, clock())
    assert await left(desk) == (["lately read", "unread"], ["dead", "sent again", "waits", "young"], 4)


async def test_many_are_deleted_in_short_steps(desk: Desk, clock: FakeClock) -> None:
    person = await make_person(desk)
    for n in range(5):
        await add_notice(desk, person.id, f"n{n}", made=300, read=299)
        await add_delivery(desk, f"d{n}", made=300, status="sent", settled=300)
    counts = []
    while not counts or counts[-1] == 2:
        async with desk.begin() as session:
            counts.append(await delete_old(session, now=clock(), keep=180 * DAY, limit=2))
    assert counts == [2, 2, 1] and await left(desk) == ([], [], 0)


async def test_looking_for_them_reads_no_table_through(desk: Desk, clock: FakeClock) -> None:
    for table, index in (("notice", "ix_notice_read"), ("delivery", "ix_delivery_status")):
        found = await plans(desk, table, lambda session: delete_old(session, now=clock(), keep=DAY, limit=2))
        if desk.database.is_sqlite:
            assert all(index in plan for plan in found), found


def test_ids_of_before_and_after_an_instant_lie_on_either_side(clock: FakeClock) -> None:
    border = first_id(clock())
    assert new_id(clock() - timedelta(milliseconds=1)) < border < new_id(clock())


def test_nothing_is_kept_for_no_time() -> None:
    with pytest.raises(ValidationError):
        Settings(notice_days=0)

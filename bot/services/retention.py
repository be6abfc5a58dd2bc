"""What is deleted once nobody needs it: notices that were read, and deliveries that arrived.

What has not been read or delivered stays, however old: somebody has yet to see to it. Tickets, conversations and audit chains are
no matter of this module.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.ids import first_id
from bot.store.tables import Delivery, DeliveryAttempt, Notice


async def delete_old(session: AsyncSession, *, now: datetime, keep: timedelta, limit: int) -> int:
    """Delete what was read or delivered longer ago than `keep`, at most `limit` of each kind.

    Returns:
        The larger count; below `limit` there is nothing left to delete.
    """
    before = now - keep
    return max(await _notices(session, before, limit), await _deliveries(session, before, limit))


async def _notices(session: AsyncSession, before: datetime, limit: int) -> int:
    ids = list(
        await session.scalars(
            select(Notice.id)
            .where(Notice.read_at < before)
            .order_by(Notice.read_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )
    if ids:
        await session.execute(delete(Notice).where(Notice.id.in_(ids)))
    return len(ids)


async def _deliveries(session: AsyncSession, before: datetime, limit: int) -> int:
    # By the id, which grows with time and is in the index of the log. One that was sent again may have settled much later.
    ids = list(
        await session.scalars(
            select(Delivery.id)
            .where(Delivery.status == "sent", Delivery.id < first_id(before), Delivery.settled_at < before)
            .order_by(Delivery.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )
    if ids:
        await session.execute(delete(DeliveryAttempt).where(DeliveryAttempt.delivery_id.in_(ids)))
        await session.execute(delete(Delivery).where(Delivery.id.in_(ids)))
    return len(ids)

"""All policies and calendars with their versions, and who saved what when, for the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.sla.affected import Version
from bot.services.sla.book import SlaBook
from bot.services.sla.records import SHIPPED, calendar_of, policy_of, renew_book
from bot.services.staff import agents_named
from bot.store.tables import SlaCalendar, SlaPolicy, SlaRecount


@dataclass(frozen=True)
class SavedVersion:
    """One version and how it came about.

    Attributes:
        rule: The policy or calendar.
        by_name: Who saved it; None for what came with the program.
        scope: How far it reached (`RUNNING`, `PROVISIONAL`); None for clocks started afterwards only.
        counted, moved: Clocks counted again so far, and those of which a date changed.
        added: Clocks started so far that no version had promised when their tickets took the step.
        is_recounting: Some are still to be counted.
    """

    rule: Version
    by_name: str | None
    at: datetime
    note: str
    scope: str | None = None
    counted: int = 0
    moved: int = 0
    added: int = 0
    is_recounting: bool = False


@dataclass(frozen=True)
class RuleHistory:
    """A policy or calendar: its versions, the latest first."""

    id: str
    versions: list[SavedVersion]

    @property
    def latest(self) -> SavedVersion:
        """Return the version that the next one follows."""
        return self.versions[0]


async def rule_histories(
    session: AsyncSession, book: SlaBook
) -> tuple[list[RuleHistory], list[RuleHistory]]:
    """Return all policies and all calendars, the office's own calendar first."""
    await renew_book(session, book)
    policies = list(await session.scalars(select(SlaPolicy).order_by(SlaPolicy.id, SlaPolicy.version.desc())))
    calendars = list(await session.scalars(select(SlaCalendar).order_by(SlaCalendar.version.desc())))
    jobs = {
        (job.kind, job.subject_id, job.version): job for job in await session.scalars(select(SlaRecount))
    }
    names = await agents_named(session, *(row.created_by for row in (*policies, *calendars)))

    def saved(row: SlaPolicy | SlaCalendar) -> SavedVersion:
        is_policy = isinstance(row, SlaPolicy)
        job = jobs.get(("policy" if is_policy else "calendar", row.id, row.version))
        return SavedVersion(
            rule=policy_of(row) if is_policy else calendar_of(row),
            by_name=None if row.created_by == SHIPPED else names.get(row.created_by, row.created_by),
            at=row.created_at,
            note=row.note,
            scope=job.scope if job else None,
            counted=job.counted if job else 0,
            moved=job.moved if job else 0,
            added=job.added if job else 0,
            is_recounting=job is not None and job.finished_at is None,
        )

    return (
        _histories([saved(row) for row in policies], sorted({row.id for row in policies})),
        _histories([saved(row) for row in calendars], book.calendar_ids()),
    )


def _histories(saved: list[SavedVersion], ids: list[str]) -> list[RuleHistory]:
    return [RuleHistory(id_, [one for one in saved if one.rule.id == id_]) for id_ in ids]

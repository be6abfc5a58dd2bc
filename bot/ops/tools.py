"""What the smaller commands do; `bot.ops.showing` prints it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path

from bot.bootstrap import load_rules, utc_now
from bot.helpdesk.errors import TicketNotFound
from bot.helpdesk.sla import Due, Pause, Target, Unit, compute
from bot.knowledge import load_calendar
from bot.knowledge.calendars import parse_frames
from bot.knowledge.check import CheckReport, check_knowledge
from bot.knowledge.imported_laws import imported_dir
from bot.services import audit
from bot.services.desk_work import ticket_id_of
from bot.services.sla import ClockExplanation, SlaBook, explain
from bot.settings import Settings
from bot.store.database import Database
from bot.store.migrate import upgrade


async def verify_audit(settings: Settings) -> audit.AuditReport:
    """Verify the whole audit of an installation, running or not."""
    database = Database(settings.database)
    try:
        await upgrade(database.engine)
        async with database.read() as session:
            return await audit.verify(session)
    finally:
        await database.close()


async def explain_ticket(settings: Settings, number: str) -> list[ClockExplanation] | None:
    """Explain a ticket's clocks; None if there is no such ticket."""
    database = Database(settings.database)
    try:
        await upgrade(database.engine)
        book = SlaBook((), ())
        await load_rules(settings, database, book, now=utc_now())
        async with database.read() as session:
            return await explain(session, book, await ticket_id_of(session, number), now=utc_now())
    except TicketNotFound:
        return None
    finally:
        await database.close()


def count_due(
    settings: Settings, start: str, amount: int, unit: str, *, frames: str | None, pauses: list[str]
) -> Due:
    """Count a period; other office hours replace those of every working day.

    Raises:
        ValueError: An instant, the unit, the amount, the frames or a pause cannot be read.
    """
    calendar = load_calendar(settings.knowledge_dir)
    if frames:
        other = parse_frames(frames)
        calendar = replace(calendar, frames={day: other for day, own in calendar.frames.items() if own})

    def instant(text: str) -> datetime:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=calendar.zone)

    def pause(text: str) -> Pause:
        from_text, _, to_text = text.partition("/")
        return Pause(instant(from_text), instant(to_text) if to_text else None, "")

    target = Target(amount, Unit(unit))
    return compute(instant(start), target, calendar, [pause(text) for text in pauses])


def check_knowledge_base(settings: Settings, laws: Path | None) -> CheckReport:
    """Check the knowledge base as of today, against the imported texts if no others are given."""
    imported = imported_dir(settings.data_dir)
    if laws is None and imported.is_dir():
        laws = imported
    today = utc_now().astimezone(office_zone(settings)).date()
    return check_knowledge(settings.knowledge_dir, laws, today)


def office_zone(settings: Settings) -> tzinfo:
    """Return the time zone in which the office counts and reads its days."""
    return load_calendar(settings.knowledge_dir).zone

"""The office of the core's tests: usual hours, the 2026 arrangement, nothing known of 2027."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import settings

from bot.helpdesk.calendar import BusinessCalendar, Day

# A busy machine is not a failure of the rule under test.
settings.register_profile("rightsdesk", deadline=None)
settings.load_profile("rightsdesk")

CHINA = timezone(timedelta(hours=8))
HOLIDAYS = [("0101", 3), ("0215", 9), ("0404", 3), ("0501", 5), ("0619", 3), ("0925", 3), ("1001", 7)]
MAKEUP = ["0104", "0214", "0228", "0509", "0920", "1010"]
FRAMES = ((time(9), time(12)), (time(13, 30), time(17, 30)))


def make_calendar() -> BusinessCalendar:
    days = {}
    for start, length in HOLIDAYS:
        first = date(2026, int(start[:2]), int(start[2:]))
        days |= {first + timedelta(days=n): Day("holiday", start, "notice 2026") for n in range(length)}
    days |= {date(2026, int(d[:2]), int(d[2:])): Day("makeup", d, "notice 2026") for d in MAKEUP}
    return BusinessCalendar(CHINA, dict.fromkeys(range(5), FRAMES), days, frozenset({2026}))


@pytest.fixture(scope="session")
def office() -> BusinessCalendar:
    return make_calendar()


@pytest.fixture(scope="session")
def at():
    """Turn local office time into the aware UTC instant the core works with."""

    def instant(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=CHINA).astimezone(UTC)

    return instant

"""What most use cases need beside the session: the words, the SLA book, the signer, the handoff's rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from bot.helpdesk.calendar import BusinessCalendar
from bot.helpdesk.presence import HandoffRules
from bot.helpdesk.reasons import TicketRules
from bot.helpdesk.routing import Centre, RoutingRules
from bot.services.signing import Signer
from bot.services.sla import SlaBook
from bot.texts import Texts

#: Without other centres every matter is ours.
_ALONE = RoutingRules(own="main", centres={"main": Centre("main", "")})
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Office:
    """The standing rules of this installation, shared by all requests; only the book learns new versions.

    Attributes:
        draft_lifetime: How long an unfinished form is kept after its last answer.
    """

    texts: Texts
    sla: SlaBook
    signer: Signer
    rules: TicketRules = field(default_factory=TicketRules)
    handoff: HandoffRules = field(default_factory=HandoffRules)
    routing: RoutingRules = _ALONE
    draft_lifetime: timedelta = timedelta(days=30)

    @property
    def calendar(self) -> BusinessCalendar:
        """Return the working calendar that everything counts on."""
        return self.sla.calendar

    def moment(self, at: datetime, now: datetime | None = None) -> str:
        """Return an instant as citizens read it: month, day, weekday and time, local.

        Args:
            now: Given, the year is named unless it is the present one.
        """
        local = at.astimezone(self.calendar.zone)
        is_other_year = now is not None and local.year != now.astimezone(self.calendar.zone).year
        return self.texts(
            "time.at_year" if is_other_year else "time.at",
            year=local.year,
            month=local.month,
            day=local.day,
            weekday=self.texts(f"time.weekdays.{_WEEKDAYS[local.weekday()]}"),
            clock=f"{local:%H:%M}",
        )

    def day(self, day: date) -> str:
        """Return a day as citizens read it."""
        return self.texts(
            "life_cycle.day",
            year=day.year,
            month=day.month,
            day=day.day,
            weekday=self.texts(f"time.weekdays.{_WEEKDAYS[day.weekday()]}"),
        )

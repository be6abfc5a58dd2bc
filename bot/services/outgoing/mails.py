"""The words of notices and mails, made from what was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.services.office import Office
from bot.services.outgoing.ports import Mail
from bot.texts import Texts


def title_of(texts: Texts, kind: str, details: Mapping[str, Any], number: str | None) -> str:
    """Return one line that says what a notice is about.

    Args:
        kind: Key of the words, as `sla.breached`.
        details: As recorded with the notice; `count` makes it a summary of many.
        number: The ticket's number, None for what is no ticket.
    """
    values = {"level": details.get("level", ""), "receiver": details.get("receiver", "")}
    if "queue" in details:
        values["queue"] = texts(f"queues.{details['queue']}")
    if "count" in details:
        return texts(f"notices.{kind}_many", count=details["count"], **values)
    if "clock" in details:
        values["clock"] = texts(f"clocks.{details['clock']}")
    subject = texts("notices.of_ticket", number=number) if number else texts("notices.of_handoff")
    return texts(f"notices.{kind}", subject=subject, **values)


def mail_of(
    office: Office, delivery_id: str, to: str, payload: Mapping[str, Any], *, public_url: str | None
) -> Mail:
    """Return the mail of a recorded delivery: numbers, subject lines and due instants, no more."""
    texts, data = office.texts, payload["data"]
    items, count = data["items"], data["count"]
    event = str(payload["event"])
    first = items[0]
    details = {"count": count, "level": data["level"]} if count > 1 else {**first, "level": data["level"]}
    title = title_of(texts, event, details, first["number"])
    lines = [texts("mails.greeting"), "", title, ""]
    noticed_at = datetime.fromisoformat(payload["noticed_at"])
    lines += [_line(office, item, public_url, noticed_at) for item in items]
    if count > len(items):
        lines.append(texts("mails.more", count=count - len(items)))
    lines += ["", texts("mails.footer")]
    return Mail(to, texts("mails.subject", title=title), "\n".join(lines), delivery_id)


def _line(office: Office, item: Mapping[str, Any], public_url: str | None, noticed_at: datetime) -> str:
    texts, number = office.texts, item["number"]
    words = texts(
        "mails.item" if number else "mails.item_handoff",
        number=number,
        title=item["title"],
        clock=texts(f"clocks.{item['clock']}"),
        due=office.moment(datetime.fromisoformat(item["due_at"]), noticed_at),
    )
    if not (public_url and number):
        return words
    return f"{words}\n  {public_url.rstrip('/')}/console/tickets/number/{number}"

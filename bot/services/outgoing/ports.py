"""What brings mails and webhook calls out of the process, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

DETAIL_MAX_CHARS = 200


class Result(StrEnum):
    """How an attempt ended.

    DELIVERED: taken. REFUSED: answered, but not with success. UNREACHABLE: no connection. TIMEOUT:
    no answer in time. NOT_ALLOWED: the address leads where it must not. NOT_SET_UP: this desk has
    no mail server. GONE: the webhook was deleted.
    """

    DELIVERED = "delivered"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    NOT_ALLOWED = "not_allowed"
    NOT_SET_UP = "not_set_up"
    GONE = "gone"


#: Trying again cannot help, so the delivery is given up at once.
FINAL = frozenset({Result.NOT_SET_UP, Result.GONE})
#: The receiver as a whole does not answer: what else waits for it need not be tried now.
DOWN = frozenset({Result.UNREACHABLE, Result.TIMEOUT, Result.NOT_ALLOWED})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt.

    Attributes:
        status_code: Of HTTP or SMTP.
        detail: For operators, short; no text of the message.
        retry_after: How long the receiver asks to be left alone.
    """

    result: Result
    status_code: int | None = None
    detail: str = ""
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in plain text.

    Attributes:
        delivery_id: Becomes the Message-ID, so that a mail sent twice is recognised.
    """

    to: str
    subject: str
    text: str
    delivery_id: str


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """One request to a webhook.

    Attributes:
        secret: Signs timestamp and body.
        sent_at: The timestamp that is signed.
    """

    url: str
    secret: str
    event: str
    delivery_id: str
    body: bytes
    sent_at: datetime


class MailSender(Protocol):
    """Sends mails; never raises."""

    async def send(self, mail: Mail) -> Outcome:
        """Send one mail and tell what came of it."""
        ...


class WebhookSender(Protocol):
    """Calls webhooks; never raises."""

    async def send(self, call: WebhookCall) -> Outcome:
        """Make one call and tell what came of it."""
        ...

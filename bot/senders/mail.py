"""Mails over SMTP."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, parseaddr

import aiosmtplib

from bot.services.outgoing.ports import DETAIL_MAX_CHARS, Mail, Outcome, Result

#: For one answer of the server, and for all of them together: less than a delivery's lease, after which another
#: process would send the same mail.
_TIMEOUT_SECONDS, _WHOLE_SECONDS = 15.0, 60.0


@dataclass(frozen=True)
class SmtpAccount:
    """How the mail server is reached.

    Attributes:
        security: ``starttls``, ``tls`` from the first byte, or ``none`` (a relay on this machine).
        sender: As in a From line.
    """

    host: str
    port: int
    security: str
    sender: str
    user: str | None = None
    password: str | None = None


class SmtpMailSender:
    """Sends each mail over a connection of its own.

    Args:
        account: The server and the sender.
    """

    def __init__(self, account: SmtpAccount) -> None:
        self._account = account

    async def send(self, mail: Mail) -> Outcome:
        """Send one mail and tell what came of it; never raises."""
        account = self._account
        try:
            async with asyncio.timeout(_WHOLE_SECONDS):
                code, answer = await self._talk(mail)
        except TimeoutError as error:
            return Outcome(Result.TIMEOUT, detail=_short(error))
        except aiosmtplib.SMTPResponseException as error:
            return Outcome(Result.REFUSED, error.code, _short(error.message))
        except aiosmtplib.SMTPRecipientsRefused as error:
            first = error.recipients[0]
            return Outcome(Result.REFUSED, first.code, _short(first.message))
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return Outcome(Result.UNREACHABLE, detail=_short(f"{account.host}: {error}"))
        return Outcome(Result.DELIVERED, code, _short(answer))

    async def _talk(self, mail: Mail) -> tuple[int, str]:
        account = self._account
        client = aiosmtplib.SMTP(
            hostname=account.host,
            port=account.port,
            use_tls=account.security == "tls",
            start_tls=account.security == "starttls",
            timeout=_TIMEOUT_SECONDS,
        )
        async with client:
            if account.user:
                await client.login(account.user, account.password or "")
            # The server has taken the mail once it has answered to this, whatever comes after.
            refused, answer = await client.send_message(_message(mail, account.sender))
        return 250, "" if refused else answer


def _message(mail: Mail, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = formatdate()
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    message["Message-ID"] = f"<{mail.delivery_id}@{domain}>"
    # RFC 3834: nobody's holiday reply should come back to this.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(mail.text, charset="utf-8", cte="base64")
    return message


def _short(text: object) -> str:
    return " ".join(str(text).split())[:DETAIL_MAX_CHARS]

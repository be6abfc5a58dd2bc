"""Signed session tokens and query codes: what proves that a citizen is the one from before."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from bot.helpdesk.errors import SessionInvalid
from bot.helpdesk.identifiers import CODE_ALPHABET, normalise_code

CODE_LENGTH = 8
SESSION_LIFETIME = timedelta(days=90)


def code_from(raw: bytes, length: int) -> str:
    """Return a code without look-alike letters made of bytes that an outsider cannot guess."""
    number, symbols = int.from_bytes(raw, "big"), []
    for _ in range(length):
        number, index = divmod(number, len(CODE_ALPHABET))
        symbols.append(CODE_ALPHABET[index])
    return "".join(symbols)


class Signer:
    """Makes and checks what only this installation can make.

    Args:
        secret: The installation's secret key.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def session_token(self, conversation_id: str, now: datetime) -> str:
        """Return a token that opens this one conversation for `SESSION_LIFETIME`."""
        body = f"{conversation_id}|{int(now.timestamp())}"
        return f"{_encode(body.encode())}.{_encode(self._mac('session', body)[:24])}"

    def conversation_of(self, token: str, now: datetime) -> str:
        """Return the conversation that the token opens.

        Raises:
            SessionInvalid: Forged, damaged or too old; the citizen starts a new conversation.
        """
        try:
            body_part, mac_part = token.split(".")
            body, mac = _decode(body_part).decode(), _decode(mac_part)
            conversation_id, issued = body.rsplit("|", 1)
            age = now.timestamp() - int(issued)
        except (ValueError, OverflowError) as error:
            raise SessionInvalid from error
        if not hmac.compare_digest(mac, self._mac("session", body)[:24]):
            raise SessionInvalid
        if age > SESSION_LIFETIME.total_seconds():
            raise SessionInvalid
        return conversation_id

    def query_code(self, ticket_number: str) -> str:
        """Return the code that, with the number, opens a ticket.

        It is derived, not stored: a turn repeated after a crash can show it again, and a copy
        of the database alone opens no ticket.
        """
        return code_from(self._mac("ticket", ticket_number), CODE_LENGTH)

    def matches_code(self, ticket_number: str, code: str) -> bool:
        """Tell whether this is the ticket's code, in constant time; case and look-alikes do not count."""
        given = normalise_code(code).encode(errors="surrogatepass")
        return hmac.compare_digest(given, self.query_code(ticket_number).encode())

    def party_key(self, matter: tuple[str, ...]) -> str:
        """Return the key (64 hex digits) under which the same matter is found again; without this
        installation's secret nobody can tell from it whose matter it is."""
        return self._mac("party", "\x1f".join(matter)).hex()

    def rating_token(self, rating_id: str) -> str:
        """Return the token that opens one rating form; derived, so that a repeated message shows the same."""
        return _encode(self._mac("rating", rating_id)[:18])

    def webhook_secret(self, webhook_id: str, version: int) -> str:
        """Return the key with which calls to a webhook are signed.

        Derived like the query codes: a copy of the database alone signs nothing.
        """
        return f"whsec_{_encode(self._mac('webhook', f'{webhook_id}:{version}'))}"

    def key(self, purpose: str) -> bytes:
        """Return a key of 32 bytes for one purpose; keys of different purposes tell nothing of each other."""
        return self._mac("key", purpose)

    def contact_key(self, phone: str) -> str:
        """Return the key under which a telephone number, in its normal form, is found again."""
        return self._mac("contact", phone).hex()

    def _mac(self, purpose: str, body: str) -> bytes:
        return hmac.new(self._secret, f"{purpose}:{body}".encode(), hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)

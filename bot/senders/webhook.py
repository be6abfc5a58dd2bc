"""Webhook calls over HTTP, signed, and kept out of the own network.

The address is looked up by us, checked, and the connection goes to exactly what was checked: a name
that means something else a moment later leads nowhere else (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.services.outgoing.addresses import is_public
from bot.services.outgoing.ports import DETAIL_MAX_CHARS, Outcome, Result, WebhookCall

TIMEOUT_SECONDS = 5.0
_ANSWER_BYTES = 1024


class AddressNotAllowed(OSError):
    """The name leads to an address in a network that webhooks must not reach."""


class GuardedResolver(AbstractResolver):
    """Looks names up and refuses those that lead to any address that is not public.

    Args:
        is_allowed: Tells of an IP address whether it may be reached.
    """

    def __init__(self, is_allowed: Callable[[str], bool]) -> None:
        self._is_allowed = is_allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name.

        Raises:
            AddressNotAllowed: One of them may not be reached.
            OSError: The name is not known.
        """
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, family=family, type=socket.SOCK_STREAM
        )
        if not all(self._is_allowed(address[0]) for *_, address in found):
            raise AddressNotAllowed(host)
        return [
            ResolveResult(
                hostname=host, host=address[0], port=port, family=kind, proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in found
        ]  # fmt: skip

    async def close(self) -> None:
        """Nothing is kept open."""


class HttpWebhookSender:
    """Calls webhooks with one client for all.

    Args:
        allow_private: Let calls into the own network; for receivers that stand beside the desk.
    """

    def __init__(self, *, allow_private: bool) -> None:
        self._is_allowed: Callable[[str], bool] = (lambda _: True) if allow_private else is_public
        self._client: aiohttp.ClientSession | None = None

    async def send(self, call: WebhookCall) -> Outcome:
        """Make one call and tell what came of it; never raises."""
        try:
            url = URL(call.url)
            self._check_literal(url.host or "")
            async with self._opened().post(
                url, data=call.body, headers=_headers(call), allow_redirects=False
            ) as response:
                said = await response.content.read(_ANSWER_BYTES)
                return _outcome(response, said, call.sent_at)
        except AddressNotAllowed as error:
            return Outcome(Result.NOT_ALLOWED, detail=_short(error))
        except TimeoutError:
            return Outcome(Result.TIMEOUT, detail=f"{TIMEOUT_SECONDS:g} s")
        except aiohttp.ClientConnectorError as error:
            is_refused = isinstance(error.os_error, AddressNotAllowed)
            return Outcome(
                Result.NOT_ALLOWED if is_refused else Result.UNREACHABLE, detail=_short(error.os_error)
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Outcome(Result.UNREACHABLE, detail=_short(f"{type(error).__name__}: {error}"))

    def _check_literal(self, host: str) -> None:
        """Check an address written as a number, which the client would not look up."""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return
        if not self._is_allowed(host):
            raise AddressNotAllowed(host)

    def _opened(self) -> aiohttp.ClientSession:
        if self._client is None:
            connector = aiohttp.TCPConnector(
                resolver=GuardedResolver(self._is_allowed), use_dns_cache=False, force_close=True, limit=32
            )
            self._client = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                # Not through a proxy named in the environment: that would look the name up anew.
                trust_env=False,
                auto_decompress=False,
                headers={"User-Agent": "RightsDesk-Webhook/1"},
            )
        return self._client

    async def close(self) -> None:
        """Close the client."""
        if self._client is not None:
            await self._client.close()


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return what receivers compare: HMAC-SHA256 over ``timestamp.body``, in hexadecimal."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _headers(call: WebhookCall) -> dict[str, str]:
    timestamp = str(int(call.sent_at.timestamp()))
    return {
        "Content-Type": "application/json",
        "X-RightsDesk-Event": call.event,
        "X-RightsDesk-Delivery": call.delivery_id,
        "X-RightsDesk-Timestamp": timestamp,
        "X-RightsDesk-Signature": f"v1={signature(call.secret, timestamp, call.body)}",
    }


def _outcome(response: aiohttp.ClientResponse, said: bytes, now: datetime) -> Outcome:
    if 200 <= response.status < 300:
        return Outcome(Result.DELIVERED, response.status)
    return Outcome(
        Result.REFUSED,
        response.status,
        _short(said.decode("utf-8", "replace")),
        retry_after(response.headers.get("Retry-After", ""), now),
    )


def retry_after(value: str, now: datetime) -> timedelta | None:
    """Read seconds or a date (RFC 9110, section 10.2.3); nonsense is nothing."""
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value[:9]), 10**9))
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    return wait if wait > timedelta(0) else None


def _short(text: object) -> str:
    printable = "".join(sign if sign.isprintable() else " " for sign in str(text))
    return " ".join(printable.split())[:DETAIL_MAX_CHARS]

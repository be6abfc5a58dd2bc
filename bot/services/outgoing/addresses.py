"""Where a webhook may lead: never into the network that the desk itself stands in."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from bot.helpdesk.errors import HelpdeskError

URL_MAX_CHARS = 500
#: Translations of IPv4 into IPv6 (RFC 6052, RFC 8215), whose last 32 bits are the address meant.
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class WebhookRefused(HelpdeskError):
    """The address cannot be used; `details["problem"]` says why: `form`, `scheme`, `credentials`,
    `own_host`, `private`, `too_long`, `events`, `too_many`."""

    code = "webhook_refused"


def is_public(text: str) -> bool:
    """Tell whether an IP address is one on the open internet.

    Private, loopback, link-local (with the metadata services of clouds), shared, reserved and
    multicast addresses are not, nor are IPv6 forms that carry such an IPv4 address.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    carried = _carried(address)
    if carried is not None:
        return _is_open(carried)
    return _is_open(address)


def _is_open(address: Address) -> bool:
    is_site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not address.is_multicast and not is_site_local


def _carried(address: Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 one stands for, None if it stands for itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if any(address in network for network in _NAT64):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def check_url(url: str, *, allow_private: bool, own_url: str | None) -> str:
    """Return the address in the form in which it is kept.

    Names are looked up only when something is sent, each time, so what they mean today does not
    matter here; an address written as a number is checked at once.

    Args:
        allow_private: The operator lets webhooks into the own network; then http will do as well.
        own_url: Address of this desk, which must not call itself.
    Raises:
        WebhookRefused: See its docstring.
    """
    url = url.strip()
    if len(url) > URL_MAX_CHARS:
        raise WebhookRefused(problem="too_long")
    parts = _parts(url)
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        raise WebhookRefused(problem="scheme")
    if parts.username is not None or parts.password is not None:
        raise WebhookRefused(problem="credentials")
    host = parts.hostname or ""
    if own_url and host == (urlsplit(own_url).hostname or ""):
        raise WebhookRefused(problem="own_host")
    if not allow_private and (host == "localhost" or (_is_literal(host) and not is_public(host))):
        raise WebhookRefused(problem="private")
    return parts._replace(fragment="").geturl()


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError as error:
        raise WebhookRefused(problem="form") from error
    if not parts.hostname or not has_port or any(sign.isspace() or ord(sign) < 33 for sign in url):
        raise WebhookRefused(problem="form")
    return parts


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def origin_of(url: str) -> str:
    """Return scheme and host of an address that was checked: path and query may be a password, and a chain forgets nothing."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def shown_url(url: str) -> str:
    """Return the address for pages: what follows a question mark may be a password."""
    return f"{url.partition('?')[0]}?…" if "?" in url else url

"""Who is asking: the client's address, as far as it can be trusted."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from aiohttp import web


def client_address(request: web.Request, trusted_proxies: int) -> str:
    """Return the key under which this client's requests are counted.

    A header may come several times, a line for each proxy; all of them count.
    """
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))
    return counted_address(request.remote or "", forwarded, trusted_proxies)


def counted_address(peer: str, forwarded: str, trusted_proxies: int) -> str:
    """Return the address to count by.

    Each trusted proxy appends the address it saw to X-Forwarded-For, so with n of them the n-th
    entry from the right is the last one that a proxy of ours wrote; what is left of it anybody
    can make up. IPv6 is counted by /64, which one household has to itself.

    Args:
        peer: Address of the other end of the connection.
        forwarded: The X-Forwarded-For header, several joined by commas.
        trusted_proxies: How many proxies of ours stand in front; 0 ignores the header.
    """
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    chosen = hops[-trusted_proxies] if 0 < trusted_proxies <= len(hops) else peer
    try:
        address = ip_address(chosen.strip("[]"))
    except ValueError:
        return peer
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64))

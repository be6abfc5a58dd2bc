"""Where webhooks may lead, and how calls are signed."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from bot.senders.webhook import retry_after, signature
from bot.services.outgoing.addresses import WebhookRefused, check_url, is_public, shown_url

INSIDE = [
    "127.0.0.1", "127.8.9.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "240.0.0.1",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1",
    "2002:7f00:1::", "2002:a9fe:a9fe::1", "nonsense", "",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_on_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://example.org/in", "scheme"),
        ("ftp://example.org/in", "scheme"),
        ("file:///etc/passwd", "form"),
        ("https://", "form"),
        ("https://example.org:99999/", "form"),
        ("https://exam ple.org/", "form"),
        ("https://example.org/\r\nX-Evil: 1", "form"),
        ("https://user:secret@example.org/", "credentials"),
        ("https://desk.example.org/console/", "own_host"),
        ("https://127.0.0.1/", "private"),
        ("https://[::1]/", "private"),
        ("https://localhost/", "private"),
        ("https://169.254.169.254/latest/meta-data", "private"),
        ("https://example.org/" + "a" * 500, "too_long"),
    ],
)
def test_an_address_that_cannot_be_used_says_why(url: str, problem: str) -> None:
    with pytest.raises(WebhookRefused) as refused:
        check_url(url, allow_private=False, own_url="https://desk.example.org")
    assert refused.value.details["problem"] == problem


def test_an_operator_may_let_webhooks_into_the_own_network() -> None:
    assert check_url("http://10.0.0.5:8080/in", allow_private=True, own_url=None) == "http://10.0.0.5:8080/in"


def test_what_may_be_a_password_is_not_shown() -> None:
    assert shown_url("https://example.org/robot?access_token=1") == "https://example.org/robot?…"


def test_a_time_to_retry_that_makes_no_sense_is_none() -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    for value in ("", "soon", "-5", "Mon, 99 Foo 2026 99:99:99", f"Mon, 01 Jan {10**20} 00:00:00 GMT"):
        assert retry_after(value, now) is None
    assert retry_after("90", now) == retry_after("Fri, 20 Nov 2026 00:01:30 GMT", now) == timedelta(seconds=90)


def test_the_signature_is_an_hmac_over_timestamp_and_body() -> None:
    expected = hmac.new(b"whsec_x", b'1800000000.{"a":1}', hashlib.sha256).hexdigest()
    assert signature("whsec_x", "1800000000", b'{"a":1}') == expected

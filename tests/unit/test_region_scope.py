"""Which divisions lie in whose part of the country."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.helpdesk.errors import BadRequest
from bot.helpdesk.regions import RegionScope, region_prefix

codes = st.integers(110000, 659999).map(str)


@pytest.mark.parametrize(
    ("code", "prefix"), [("33", "33"), ("330000", "33"), ("3301", "3301"), ("330100", "3301"), ("330106", "330106")]
)
def test_a_division_is_known_by_the_digits_before_its_zeros(code: str, prefix: str) -> None:
    assert region_prefix(code) == prefix


@pytest.mark.parametrize("code", ["", "3", "330", "33010", "3301060", "0301", "杭州", "33\n", "３３", "33%", "-3"])
def test_what_is_no_division_code_is_refused(code: str) -> None:
    with pytest.raises(BadRequest):
        region_prefix(code)


def test_a_scope_covers_what_lies_in_its_divisions_and_what_lies_nowhere() -> None:
    scope = RegionScope.of(["330100", "44"])
    assert all(scope.covers(region) for region in ("330100", "330106", "440300", None))
    assert not any(scope.covers(region) for region in ("330200", "330000", "310000", "331000"))


def test_no_code_means_the_whole_country() -> None:
    assert not RegionScope.of([]).is_limited
    assert RegionScope.of([]).covers("330106")


def test_a_scope_contains_what_lies_in_it_as_a_whole() -> None:
    zhejiang, everywhere = RegionScope.of(["33", "44"]), RegionScope()
    assert all(zhejiang.contains(RegionScope.of(codes)) for codes in (["33"], ["330100"], ["330106", "440300"]))
    assert not any(zhejiang.contains(RegionScope.of(codes)) for codes in (["330100", "320500"], ["32"], []))
    assert everywhere.contains(everywhere) and everywhere.contains(zhejiang)
    assert not RegionScope.of(["330100"]).contains(zhejiang)


def test_a_division_within_another_adds_nothing() -> None:
    assert RegionScope.of(["330106", "330100", "33", "330100"]).prefixes == ("33",)


@given(st.lists(codes, min_size=1, max_size=4), codes)
def test_the_ranges_say_what_the_prefixes_say(own: list[str], region: str) -> None:
    scope = RegionScope.of(own)
    assert scope.covers(region) == any(first <= region < end for first, end in scope.ranges)

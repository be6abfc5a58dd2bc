"""From the place that a form names to its administrative division code (GB/T 2260)."""

from __future__ import annotations

import re
from functools import cache

from stdnum import numdb

#: A name as the table of python-stdnum holds it: the years in which the code had it, then the name.
_TIMED = re.compile(r"(?:\[(?P<from>\d{4})?-(?P<to>\d{4})?\])?(?P<name>[^,\[]+)")
#: Names that stand for "the districts of the city", not for a place.
_NO_PLACES = frozenset({"市辖区", "县"})
#: The "city" of counties and cities that stand right below their province.
_DIRECTLY_BELOW = "90"


def region_code(place: object) -> str | None:
    """Return the code of a place as forms keep it, as 浙江省杭州市西湖区, None if it is unknown.

    The county's code, else the city's, else the province's: the longest name wins. A district younger than the
    table counts as its city.
    """
    if not isinstance(place, str) or not place:
        return None
    codes = _codes()
    return next((codes[place[:end]] for end in range(len(place), 1, -1) if place[:end] in codes), None)


@cache
def _codes() -> dict[str, str]:
    """Return every division by its whole name, present names before those of former years."""
    present: dict[str, str] = {}
    former: dict[str, str] = {}
    for _, province, _, properties, divisions in numdb.get("cn/loc").prefixes:
        present[properties["province"]] = f"{province}0000"
        _add_province(province, properties["province"], divisions, present, former)
    return former | present


def _add_province(
    province: str, name: str, divisions: list[tuple], present: dict[str, str], former: dict[str, str]
) -> None:
    cities: dict[str, list[tuple[str, bool]]] = {}
    counties: list[tuple[str, str, bool]] = []
    for _, rest, _, properties, _ in divisions:
        for own, is_present in _names(properties.get("county", "")):
            if rest.endswith("00"):
                cities.setdefault(rest[:2], []).append((own, is_present))
            else:
                counties.append((rest, own, is_present))
    for rest, names in cities.items():
        for city, is_present in names:
            (present if is_present else former).setdefault(name + city, f"{province}{rest}00")
    for rest, county, is_present in counties:
        # A county right under the province, or under a municipality, is called without a city.
        above = [city for city, _ in cities.get(rest[:2], ()) if rest[:2] != _DIRECTLY_BELOW] or [""]
        for city in above:
            (present if is_present else former).setdefault(name + city + county, f"{province}{rest}")


def _names(entry: str) -> list[tuple[str, bool]]:
    """Return the names of one entry, each with whether the code still has it."""
    found = [(match["name"].strip(), match["to"] is None) for match in _TIMED.finditer(entry)]
    return [(name, is_present) for name, is_present in found if name and name not in _NO_PLACES]

"""Administrative division codes (GB/T 2260) by name, and by the area code of a telephone.

Codes have six digits: two for the province, two for the city, two for the county; zeros at the end
stand for the whole. `divisions.tsv` and `area_codes.tsv` say where they come from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

#: Stands for all that is not in the country; no code of the standard.
ABROAD = "000000"
_AREA_CODE = re.compile(r"(0\d{2,3})-")


class Divisions:
    """The codes of all places that the forms know; immutable.

    Args:
        codes: Full name of a place to its code.
        areas: Area code of fixed lines to the codes of the cities that share it.
    """

    def __init__(self, codes: Mapping[str, str], areas: Mapping[str, tuple[str, ...]]) -> None:
        self._codes = dict(codes)
        self._names = {code: name for name, code in codes.items()}
        self._areas = dict(areas)

    @classmethod
    def load(cls, folder: Path) -> Divisions:
        """Read both tables."""
        codes = {name: code for code, name in _rows(folder / "divisions.tsv")}
        areas = {area: tuple(cities.split()) for area, cities in _rows(folder / "area_codes.tsv")}
        return cls(codes, areas)

    def code_of(self, name: str) -> str | None:
        """Return the code of a place by the full name that a region answer has, None if there is none."""
        return self._codes.get(name)

    def region_of(self, place: object) -> str | None:
        """Return the division that a ticket lies in, by the place that its facts name.

        None if they name none, or one abroad: such a ticket is for the staff of every region.
        """
        code = self.code_of(place) if isinstance(place, str) else None
        return None if code == ABROAD else code

    def name_of(self, code: str) -> str | None:
        """Return the full name of a place, None if no place has the code."""
        return self._names.get(code)

    def of_phone(self, phone: str) -> tuple[str, ...]:
        """Return the codes of the cities whose area code a checked number has; none for mobile phones."""
        found = _AREA_CODE.match(phone)
        return self._areas.get(found[1], ()) if found else ()


def _rows(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            first, _, second = line.partition("\t")
            yield first, second

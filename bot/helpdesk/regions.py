"""For which part of the country a member of staff works.

Administrative division codes (GB/T 2260) have six digits: two for the province, two for the city, two for
the county; 330100 is the city of Hangzhou, 330106 a district of it. What lies in a division begins with its code
without the trailing pairs of zeros.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bot.helpdesk.errors import BadRequest

_CODE = re.compile(r"[1-9]\d(?:\d\d){0,2}", re.ASCII)


def region_prefix(code: str) -> str:
    """Return the digits with which everything in a division begins.

    Args:
        code: Two, four or six digits, as `33`, `3301`, `330100` or `330106`.
    Raises:
        BadRequest: This is no division code.
    """
    if not _CODE.fullmatch(code):
        raise BadRequest(field="regions")
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code


@dataclass(frozen=True)
class RegionScope:
    """The divisions somebody works for; no prefix at all means the whole country."""

    prefixes: tuple[str, ...] = ()

    @classmethod
    def of(cls, codes: Iterable[str]) -> RegionScope:
        """Return the scope of these codes, without those that lie within another."""
        prefixes = sorted({region_prefix(code.strip()) for code in codes})
        return cls(tuple(p for p in prefixes if not any(p != q and p.startswith(q) for q in prefixes)))

    @property
    def is_limited(self) -> bool:
        """Tell whether there is anything outside of it."""
        return bool(self.prefixes)

    def covers(self, region: str | None) -> bool:
        """Tell whether a matter of this region lies in the scope.

        A matter without a region lies in every scope: nobody could take it up otherwise.
        """
        return not self.prefixes or region is None or region.startswith(self.prefixes)

    def covers_any(self, regions: Collection[str | None]) -> bool:
        """Tell whether a matter that lies in several regions is for this scope; one that lies nowhere is for all."""
        return not regions or any(self.covers(region) for region in regions)

    def contains(self, other: RegionScope) -> bool:
        """Tell whether all of another scope lies within this one; the whole country lies within no part of it."""
        return not self.prefixes or (other.is_limited and all(self.covers(prefix) for prefix in other.prefixes))

    @property
    def ranges(self) -> list[tuple[str, str]]:
        """Return each prefix as a range of codes, from the first to before the second.

        A range uses an index on every database and under every collation; a pattern does not.
        """
        return [(prefix, str(int(prefix) + 1)) for prefix in self.prefixes]

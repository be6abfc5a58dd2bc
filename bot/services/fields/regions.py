"""Where something happened: Chinese places down to districts and counties, from `regions.yml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.services.fields.result import Accepted, Outcome, rejected
from bot.services.fields.vocabulary import normalise

_MAX_OPTIONS = 4
PROVINCE, CITY, COUNTY = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Place:
    """A province, a city in it, or a county or district of that city.

    Attributes:
        city: Prefecture, or the municipality itself; None for a province as a whole.
        level: 1 province, 2 city, 3 county. A municipality's district counts as a city: that is its
            rank, and it decides which of two places with the same short name is meant.
    """

    province: str
    city: str | None = None
    county: str | None = None
    level: int = PROVINCE

    @property
    def name(self) -> str:
        """Return the full name; a municipality is not said twice."""
        parts = (self.province, self.city if self.city != self.province else None, self.county)
        return "".join(part for part in parts if part)

    def is_within(self, other: Place) -> bool:
        """Tell whether this place is the other one or a part of it."""
        theirs = (other.province, other.city, other.county)
        ours = (self.province, self.city, self.county)
        return all(part is None or part == own for part, own in zip(theirs, ours, strict=True))


class Regions:
    """All places by every name people use for them."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._suffixes: Sequence[str] = data["suffixes"]
        self._ethnic: Sequence[str] = data["ethnic"]
        self._complete = frozenset(data["undivided"]) | frozenset(data["municipalities"])
        self._not_before: tuple[str, ...] = tuple(data["not_a_place_before"])
        self._by_name: dict[str, list[Place]] = {}
        self._first_city: dict[str, str] = {}
        for place in _places(data):
            self._add(place, data["aliases"])
        #: First character → how long names are that begin with it, longer ones first.
        self._lengths: dict[str, list[int]] = {}
        for start, length in sorted({(name[0], len(name)) for name in self._by_name}, reverse=True):
            self._lengths.setdefault(start, []).append(length)

    @classmethod
    def load(cls, path: Path) -> Regions:
        """Read the places."""
        return cls(yaml.load(path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)))

    def check(self, text: str) -> Outcome:
        """Return the place that the answer names, at least down to the city."""
        mentions = self._mentions(normalise(text).replace(" ", ""))
        if not mentions:
            return rejected("region_unknown")
        candidates = mentions[0]
        for mention in mentions[1:]:
            narrowed = _narrowed(candidates, mention)
            if not narrowed:
                return self._several(candidates[0], mention[0])
            candidates = narrowed
        highest = min(place.level for place in candidates)
        candidates = [place for place in candidates if place.level == highest]
        return self._only(candidates)

    def _only(self, candidates: Sequence[Place]) -> Outcome:
        place = candidates[0]
        if len(candidates) > 1:
            options = "、".join(p.name for p in candidates[:_MAX_OPTIONS])
            return rejected("region_ambiguous", options=options, example=place.name)
        if place.city is None and place.province not in self._complete:
            return rejected("region_city_missing", example=place.province + self._first_city[place.province])
        return Accepted(place.name, place.name)

    def _several(self, one: Place, other: Place) -> Outcome:
        return rejected("region_several", options=f"{one.name}、{other.name}", example=one.name)

    def _mentions(self, text: str) -> list[list[Place]]:
        """Return the places meant by each name in the text, in the order of the text; longer names first."""
        found, at = [], 0
        while at < len(text):
            after = at + 1
            for length in self._lengths.get(text[at], ()):
                end = at + length
                places = self._by_name.get(text[at:end])
                if places and not text.startswith(self._not_before, end):
                    found.append(places)
                    after = end
                    break
            at = after
        return found

    def _add(self, place: Place, aliases: Mapping[str, Sequence[str]]) -> None:
        own = place.county or place.city or place.province
        if place.city and not place.county:
            self._first_city.setdefault(place.province, place.city)
        for name in {own, self._short(own), *aliases.get(own, ())}:
            self._by_name.setdefault(name, []).append(place)

    def _short(self, name: str) -> str:
        """Return 杭州 for 杭州市 and 延边 for 延边朝鲜族自治州; names of one character stay whole."""
        short = next((name.removesuffix(s) for s in self._suffixes if name.endswith(s)), name)
        while peoples := [e for e in self._ethnic if short.endswith(e) and len(short) - len(e) > 1]:
            short = short.removesuffix(peoples[0])
        return short if len(short) > 1 else name


def _places(data: Mapping[str, Any]) -> Iterable[Place]:
    municipalities = frozenset(data["municipalities"])
    for province, cities in data["provinces"].items():
        yield Place(province)
        for city, counties in cities.items():
            if province not in municipalities:
                yield Place(province, city, level=CITY)
            for county in counties.split():
                yield Place(province, city, county, CITY if province in municipalities else COUNTY)


def _narrowed(candidates: Sequence[Place], mention: Sequence[Place]) -> list[Place]:
    """Keep what both can mean: the smaller place of each pair that lies one in the other."""
    pairs = [
        inner
        for a in candidates
        for b in mention
        for inner, outer in ((b, a), (a, b))
        if inner.is_within(outer)
    ]
    return list(dict.fromkeys(pairs))

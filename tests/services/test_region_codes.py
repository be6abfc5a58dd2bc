"""From the places that forms keep to division codes."""

from bot.services.fields.regions import Regions
from bot.services.region_codes import region_code
from bot.settings import PROJECT_ROOT

WORDS = PROJECT_ROOT / "knowledge_base" / "forms" / "words" / "regions.yml"


def test_the_longest_name_wins() -> None:
    places = {
        "浙江省杭州市西湖区": "330106",
        "浙江省杭州市": "330100",
        "北京市海淀区": "110108",
        "北京市": "110000",
        "重庆市渝北区": "500112",
        "新疆维吾尔自治区石河子市": "659001",
        "海南省万宁市": "469006",
        "浙江省": "330000",
    }
    assert {place: region_code(place) for place in places} == places


def test_a_district_younger_than_the_table_counts_as_its_city() -> None:
    assert region_code("浙江省杭州市钱塘区") == "330100"


def test_what_is_no_place_has_no_code() -> None:
    assert [region_code(value) for value in (None, "", "境外", "不知道", 33, "香港特别行政区")] == [None] * 6


def test_nearly_every_place_that_forms_know_has_its_own_code() -> None:
    regions = Regions.load(WORDS)
    places = {place.name for found in regions._by_name.values() for place in found}
    codes = {name: region_code(name) for name in places}
    assert len(places) > 3000
    assert {name for name, code in codes.items() if code is None} == {"香港特别行政区", "澳门特别行政区", "境外"}
    shared = len(places) - len(set(codes.values()))
    assert shared < 15, "places that share a code with another: those younger than the table"

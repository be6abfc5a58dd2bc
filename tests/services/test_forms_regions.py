"""Where something happened."""

import pytest

from bot.services.fields.regions import CITY, PROVINCE, Regions
from bot.services.forms import Accepted, Rejected
from bot.settings import PROJECT_ROOT

REGIONS = Regions.load(PROJECT_ROOT / "knowledge_base" / "forms" / "words" / "regions.yml")
PLACES = list(dict.fromkeys(place for places in REGIONS._by_name.values() for place in places))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("浙江杭州", "浙江省杭州市"),
        ("杭州", "浙江省杭州市"),
        ("浙江省杭州市西湖区文三路", "浙江省杭州市西湖区"),
        ("在义乌小商品城买的", "浙江省金华市义乌市"),
        ("北京", "北京市"),
        ("海淀", "北京市海淀区"),
        ("上海浦东", "上海市浦东新区"),
        ("北京朝阳", "北京市朝阳区"),
        ("吉林市", "吉林省吉林市"),
        ("西安", "陕西省西安市"),
        ("延边", "吉林省延边朝鲜族自治州"),
        ("内蒙呼伦贝尔", "内蒙古自治区呼伦贝尔市"),
        ("新疆石河子", "新疆维吾尔自治区石河子市"),
        ("神农架", "湖北省神农架林区"),
        ("重庆渝北", "重庆市渝北区"),
        ("深圳 南山", "广东省深圳市南山区"),
        ("广州市北京路", "广东省广州市"),
        ("香港", "香港特别行政区"),
        ("美国", "境外"),
    ],
)
def test_places_as_people_name_them(text: str, name: str) -> None:
    assert REGIONS.check(text) == Accepted(name, name)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("淘宝", "region_unknown"),
        ("", "region_unknown"),
        ("浙江", "region_city_missing"),
        ("海南", "region_city_missing"),
        ("鼓楼区", "region_ambiguous"),
        ("朝阳", "region_ambiguous"),
        ("从广州发到北京", "region_several"),
    ],
)
def test_places_that_need_another_word(text: str, code: str) -> None:
    outcome = REGIONS.check(text)
    assert isinstance(outcome, Rejected)
    assert outcome.code == code


def test_an_example_in_the_refusal_is_itself_good() -> None:
    for text in ("浙江", "鼓楼区", "从广州发到北京"):
        outcome = REGIONS.check(text)
        assert isinstance(outcome, Rejected)
        assert isinstance(REGIONS.check(outcome.details["example"]), Accepted)


def test_every_place_is_found_by_its_full_name() -> None:
    places = [place for place in PLACES if place.level != PROVINCE]
    wrong = [place.name for place in places if REGIONS.check(place.name) != Accepted(place.name, place.name)]
    assert wrong == []


def test_the_list_is_complete_as_far_as_it_can_be_counted() -> None:
    """34 provinces beside 境外; 333 prefectures less municipalities, and places directly under a province."""
    provinces = {place.province for place in PLACES} - {"境外"}
    assert len(provinces) == 34
    cities = {p.name for p in PLACES if p.level == CITY and p.county is None}
    assert len(cities) >= 333 + 30
    assert sum(place.county is not None for place in PLACES) > 2700

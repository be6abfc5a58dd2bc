"""Search stays quick and finds the same when there are many articles."""

import pytest

from bench.search import spread, synthetic
from bot.knowledge import search
from bot.knowledge.search import SearchIndex

TEXTS = {
    "patent_term": "专利权能保护几年？发明专利权的期限为二十年，实用新型十年，外观设计十五年，均自申请日起计算。",
    "mark_fee": "注册商标要多少钱？商标注册申请的官费按类别收取，每类限定十个商品，超出的另外加收，网上申请便宜一些。",
    "copy_term": "著作权保护多久？作者终生及其死亡后五十年，截止于第五十年的十二月三十一日，合作作品截止于最后死亡的作者。",
    "secret": "前员工带走客户名单算不算侵犯商业秘密？不为公众所知悉、具有商业价值并经权利人采取相应保密措施的商业信息。",
    "customs": "出口的货被海关扣了怎么办？向海关总署备案以后，海关发现涉嫌侵权的货物会书面通知，三个工作日内申请扣留。",
}
MESSAGES = [
    "我的专利还能保护几年",
    "注册一个商标要花多少钱",
    "作者去世了版权还有吗",
    "离职员工带走客户",
    "货被海关扣下来了",
]


@pytest.fixture(scope="module")
def documents() -> dict[str, str]:
    return synthetic(TEXTS, 20_000, length=180)


@pytest.fixture(scope="module")
def index(documents: dict[str, str]) -> SearchIndex:
    return SearchIndex(documents)


def test_a_search_in_twenty_thousand_articles_takes_less_than_ten_milliseconds(index, documents) -> None:
    spread(index, documents, MESSAGES)
    median, _ = min(spread(index, documents, MESSAGES * 4) for _ in range(3))
    assert median < 10


def test_reading_fewer_postings_finds_the_same(index, documents, monkeypatch) -> None:
    allowed = frozenset(documents)
    found = [index.search(message, limit=1, allowed=allowed) for message in MESSAGES]
    monkeypatch.setattr(search, "_POSTINGS_READ", 10**9)
    exact = [index.search(message, limit=1, allowed=allowed) for message in MESSAGES]
    assert [[hit.article_id for hit in hits] for hits in found] == [
        [hit.article_id for hit in hits] for hits in exact
    ]


def test_what_may_be_found_is_found_even_behind_many_better_ones(index) -> None:
    hits = index.search("专利权能保护几年", limit=3, allowed={"patent_term", "customs"})
    assert hits[0].article_id == "patent_term"


def test_message_of_common_words_only_finds_something(index, documents) -> None:
    assert index.search("专利商标", limit=3, allowed=frozenset(documents))


def test_empty_index_finds_nothing() -> None:
    assert SearchIndex({}).search("专利", limit=3) == []

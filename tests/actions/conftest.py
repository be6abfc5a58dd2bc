"""The actions on the real forms and words, with a store that a test may break."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from rasa_sdk import Action

from actions import build_actions
from actions.ports import ActionPorts
from bot.knowledge import load_calendars, load_policies
from bot.services.forms import FormCatalogue
from bot.services.office import Office
from bot.services.signing import Signer
from bot.services.sla import SlaBook
from bot.settings import PROJECT_ROOT
from bot.texts import Texts
from tests.actions.dialogue import FormPlayer
from tests.support.clock import FakeClock
from tests.support.library import real_library

KNOWLEDGE = PROJECT_ROOT / "knowledge_base"


@dataclass(frozen=True)
class FakeAnswer:
    article_id: str
    short: str


class FakeKnowledge:
    """Answers what a test put in, and remembers for which days it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.asked: list[date] = []

    def answer(self, article_id: str, on: date) -> FakeAnswer | None:
        self.asked.append(on)
        short = self.answers.get(article_id)
        return FakeAnswer(article_id, short) if short else None


@pytest.fixture(scope="session")
def forms() -> FormCatalogue:
    return real_library().forms


@pytest.fixture(scope="session")
def office() -> Office:
    book = SlaBook(load_calendars(KNOWLEDGE), load_policies(KNOWLEDGE))
    return Office(texts=Texts.load(), sla=book, signer=Signer("a secret for tests"))


@pytest.fixture
def knowledge() -> FakeKnowledge:
    return FakeKnowledge()


@pytest.fixture
def ports(forms: FormCatalogue, office: Office, knowledge: FakeKnowledge, clock: FakeClock) -> ActionPorts:
    """Ports without a store: opening one is a failure of the test."""

    @asynccontextmanager
    async def no_store() -> AsyncIterator[Any]:
        raise AssertionError("this action needs no store")
        yield

    return ActionPorts(
        begin=no_store, read=no_store, clock=clock, office=office, forms=forms, knowledge=knowledge
    )


class Actions:
    """The actions by name."""

    def __init__(self, ports: ActionPorts) -> None:
        self.ports = ports
        self._by_name = {action.name(): action for action in build_actions(ports)}

    def __getitem__(self, name: str) -> Action:
        return self._by_name[name]

    @property
    def names(self) -> Iterable[str]:
        return self._by_name

    def with_ports(self, **changes: Any) -> "Actions":
        """The same actions with other ports."""
        return Actions(replace(self.ports, **changes))

    def player(self, form_id: str, **options: Any) -> FormPlayer:
        form = self.ports.forms.form(form_id)
        return FormPlayer(form, self[f"validate_{form.form_name}"], **options)


@pytest.fixture
def actions(ports: ActionPorts) -> Actions:
    return Actions(ports)


REPORT = {
    "report_type": "举报",
    "right": "商标",
    "act": "商标侵权",
    "relation": "没有关系",
    "respondent": "某某网店 http://shop.example/1",
    "respondent_details": "店主姓李，在杭州",
    "venue": "网上",
    "platform": "某某平台某某网店 http://shop.example/1",
    "region": "浙江杭州",
    "period": "上周",
    "ongoing": "还在卖",
    "facts": "在网店花99元买到一双鞋，商标和正品一样，做工很差，店家承认不是正品。",
    "goods": "运动鞋，货号A1",
    "extent": "一双99元",
    "evidence": "付款记录和照片",
    "wanted": "查处和下架",
    "proceedings": "没有",
    "identity": "实名",
    "privacy": "同意",
    "party_kind": "个人",
    "name": "张三",
    "party_id": "跳过",
    "phone": "139 0013 9000",
    "confidential": "保密",
    "feedback": "短信",
    "address": "跳过",
    "forward": "同意转送",
    "consent": "同意",
}

ASSISTANCE = {
    "applicant_type": "公司",
    "right": "专利",
    "relation": "我们公司的",
    "right_number": "ZL202310123456.6",
    "right_name": "水壶（外观设计）",
    "right_status": "有效，到2033年，没有质押",
    "services": "取证指导和侵权判定",
    "respondent": "宁波某某电器有限公司",
    "respondent_details": "宁波市某某路1号",
    "facts": "对方在展会上展出的水壶和我们的外观设计专利几乎一样，我们拍了照片。",
    "period": "上周",
    "venue": "展会",
    "exhibition": "某某家电展 3号馆B12",
    "extent": "跳过",
    "evidence": "照片、专利证书",
    "proceedings": "没有",
    "expectation": "希望对方停止销售",
    "mediation": "可以调解",
    "hardship": "跳过",
    "privacy": "同意",
    "region": "浙江宁波",
    "name": "杭州某某科技有限公司",
    "credit_code": "91330100MA0000000C",
    "contact": "李四 法务",
    "phone": "0571-88881234",
    "email": "legal@example.com",
    "address": "跳过",
    "focus": "民营企业",
    "forward": "同意",
    "consent": "我承诺并同意",
}

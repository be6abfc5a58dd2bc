"""A citizen without a browser: the public HTTP interface, with or without the operator's token."""

import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp

from tests.e2e.waiting import until

MESSAGES = "/api/v1/chat/messages"

#: An answer for every field of the complaint form, by slot.
COMPLAINT: Mapping[str, str] = {
    "complaint_report_type": "权利人投诉",
    "complaint_right": "商标",
    "complaint_act": "商标侵权",
    "complaint_relation": "权利人",
    "complaint_right_number": "12345678",
    "complaint_right_name": "好运来",
    "complaint_right_status": "跳过",
    "complaint_right_proof": "商标注册证",
    "complaint_respondent": "某某平台“好运来旗舰店”",
    "complaint_respondent_details": "跳过",
    "complaint_venue": "网络平台",
    "complaint_platform": "某某平台“好运来旗舰店”",
    "complaint_region": "浙江杭州",
    "complaint_period": "2026年10月",
    "complaint_ongoing": "还在继续",
    "complaint_facts": "在店里买到两双鞋，每双99元，鞋上的商标和我们的注册商标一样，但不是我们生产的。",
    "complaint_goods": "运动鞋",
    "complaint_extent": "2双，198元",
    "complaint_evidence": "付款记录和实物照片",
    "complaint_wanted": "停止侵权和下架",
    "complaint_proceedings": "没有",
    "complaint_privacy": "同意收集和保存",
    "complaint_party_kind": "企业",
    "complaint_name": "张三",
    "complaint_credit_code": "跳过",
    "complaint_contact": "李四",
    "complaint_phone": "13900139000",
    "complaint_confidential": "可以公开",
    "complaint_feedback": "电话或短信",
    "complaint_address": "跳过",
    "complaint_forward": "同意转送",
    "complaint_consent": "我承诺",
}


class HttpCitizen:
    """Talks in one conversation; survives a desk that goes away and comes back.

    Args:
        operator_token: Adds `turn`, the analysis of the message, to every answer.
    """

    def __init__(self, url: str, operator_token: str | None = None) -> None:
        self._url = url
        self._headers = {"X-Operator-Token": operator_token} if operator_token else {}
        self.session: str | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(self._url, headers=self._headers, timeout=aiohttp.ClientTimeout(total=40))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def say(self, text: str, *, message_id: str | None = None, wait: float = 20) -> dict[str, Any]:
        """Send a message that must be taken; returns the answer."""
        body: dict[str, Any] = {"text": text, "wait": wait, "message_id": message_id or uuid.uuid4().hex}
        if self.session:
            body["session"] = self.session
        async with self._http.post(MESSAGES, json=body) as response:
            assert response.status == 200, await response.text()
            answer = await response.json()
        self.session = answer["session"]
        return answer

    async def log(self) -> list[dict[str, Any]]:
        """Return the whole conversation."""
        messages: list[dict[str, Any]] = []
        while True:
            after = str(messages[-1]["seq"] if messages else 0)
            async with self._http.get(MESSAGES, params={"after": after}, headers=self._bearer()) as response:
                assert response.status == 200, await response.text()
                answer = await response.json()
            messages += answer["messages"]
            if not answer["more"]:
                return messages

    async def return_to_bot(self) -> dict[str, Any]:
        """Leave the queue."""
        async with self._http.post("/api/v1/chat/return", json={}, headers=self._bearer()) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def ready(self, *, timeout: float = 60) -> None:
        """Wait until the system says that store and engine are there."""

        async def look() -> bool:
            try:
                async with self._http.get("/readyz") as response:
                    return (await response.json())["status"] == "ready"
            except (aiohttp.ClientError, TimeoutError):
                return False

        await until(look, timeout=timeout, what="ready", every=0.2)

    async def ticket(self, number: str, code: str) -> dict[str, Any]:
        """Look a ticket up as the tracking page does."""
        async with self._http.get(f"/api/v1/tickets/{number}", params={"code": code}) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def fill_complaint(self) -> dict[str, Any]:
        """Answer the whole complaint form; returns the answer that asks to confirm."""
        answer = await self.say("我要举报投诉")
        for _ in range(len(COMPLAINT) + 1):
            slot = answer["turn"]["requested_slot"]
            if slot == "complaint_confirm":
                return answer
            assert slot in COMPLAINT, answer
            answer = await self.say(COMPLAINT[slot])
            assert answer["turn"]["requested_slot"] != slot, answer
        raise AssertionError(answer)

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.session}"}


def texts_of(messages: list[dict[str, Any]], author: str | None = None) -> list[str]:
    """Return what was said, by one author or all."""
    return [message["text"] for message in messages if author in (None, message["author"])]


def ticket_of(messages: list[dict[str, Any]]) -> dict[str, str]:
    """Return the one ticket card among some messages."""
    cards = [message["ticket"] for message in messages if message["ticket"]]
    assert len(cards) == 1, messages
    return cards[0]

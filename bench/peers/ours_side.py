"""Runs a desk: does what the bench asks for, and serves what `serve` does, without engine and worker.

Commands come as lines of JSON on standard input, answers go out the same way.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from sqlalchemy import update

from bench.peers.loading import load_clocks, load_tickets
from bot import worker
from bot.bootstrap import Desk, close_desk, create_desk
from bot.gateway.filing import checked, filings_of
from bot.serve import make_public_app, spare_what_stays
from bot.services import accounts, audit, listing, staff
from bot.services.ids import new_id
from bot.settings import Settings
from bot.store.bulk import insert_rows
from bot.store.tables import Agent, Conversation
from tests.support.engine import ScriptedEngine

VALUES = {
    "report_type": "权利人投诉", "right": "商标", "act": "商标侵权", "relation": "权利人", "right_number": "12345678",
    "respondent": "杭州某某网店", "region": "浙江杭州", "period": "2026年3月1日",
    "facts": "网店销售假冒我公司商标的水杯，共买到三件，每件五十元，没有授权。" * 4,
    "name": "杭州水杯有限公司", "phone": "13800138000", "proceedings": "没有", "consent": "我承诺并同意",
    "venue": "网络平台", "platform": "某某商城", "party_kind": "企业", "forward": "同意转送",
    "privacy": "同意", "contact": "李经理", "confidential": "可以公开", "feedback": "电话或短信",
}  # fmt: skip
_CITIES = "杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 台州 丽水 南京 苏州 无锡 常州 徐州 扬州 合肥 芜湖 福州 厦门 泉州 南昌 济南 青岛".split()


def filing(number: int) -> dict[str, str]:
    """Return what a citizen fills in; no two write the same names, places and stories."""
    city, name = _CITIES[number % len(_CITIES)], f"{number:05d}"
    return VALUES | {
        "respondent": f"{city}第{name}号水杯网店", "region": f"{city}市", "name": f"{city}水杯{name}有限公司",
        "phone": f"138{number % 10**8:08d}", "facts": f"{city}的网店{name}在卖假货。" + VALUES["facts"],
    }  # fmt: skip


PASSWORD = "correct horse battery"
#: All clients come from one address here.
_ROOMY = 10_000_000
_LIMITS = (
    "session_messages_per_minute", "address_messages_per_minute", "address_sessions_per_hour",
    "address_lookups_per_minute", "address_tickets_per_hour",
)  # fmt: skip


class Side:
    """What can be asked for; each method is a command."""

    def __init__(self, desk: Desk, url: str) -> None:
        self._desk, self._url = desk, url
        self._filings = filings_of(desk)
        self._agent: dict[str, Any] = {}

    async def set_up(self) -> dict[str, Any]:
        """Add an agent who is signed in."""
        now, passwords = self._desk.clock(), staff.Passwords()
        hashed = await passwords.hash(PASSWORD)
        async with self._desk.begin() as session:
            agent = await accounts.add_account(
                session, login="bench", name="测试坐席", role="agent", password_hash=hashed, now=now
            )
        async with self._desk.begin() as session:
            (await session.get_one(Agent, agent.id)).must_change_password = False
        signed_in = await staff.log_in(
            self._desk.database, passwords, "bench", PASSWORD,
            address="127.0.0.1", now=now, lifetime=timedelta(hours=12),
        )  # fmt: skip
        assert signed_in
        self._agent = {
            "cookie": f"rightsdesk_staff={signed_in.token}", "agent": agent.id, "csrf": signed_in.csrf,
        }  # fmt: skip
        return self._agent

    async def talking(self, *, count: int) -> dict[str, Any]:
        """Let so many conversations be with the agent."""
        made = await self.conversations(count=count)
        async with self._desk.begin() as session:
            await session.execute(
                update(Conversation)
                .where(Conversation.id.in_(made["ids"]))
                .values(owner="human", owner_epoch=1, agent_id=self._agent["agent"])
            )
        return made | self._agent

    async def conversations(self, *, count: int) -> dict[str, Any]:
        """Let so many citizens arrive; gives what opens their conversations."""
        now = self._desk.clock()
        made = [
            Conversation(
                id=f"web:{new_id(now)}", channel="web", account="web", external_user="bench", owner="bot",
                owner_epoch=0, last_seq=0, last_text="", failed_tries=0, queue="general", created_at=now, last_at=now,
            )
            for _ in range(count)
        ]  # fmt: skip
        for at, one in enumerate(made):
            one.external_user = f"{one.id[4:]}{at}"[:80]
        async with self._desk.begin() as session:
            await insert_rows(session, made)
        return {
            "ids": [one.id for one in made],
            "tokens": [self._desk.signer.session_token(one.id, now) for one in made],
        }

    async def open(self, *, clients: int, each: int) -> dict[str, Any]:
        """Let so many clients file so many forms each, every citizen with a conversation of their own."""
        waiting, numbers = (await self.conversations(count=clients * each))["ids"], itertools.count()
        form = self._desk.forms.form("complaint")

        async def client() -> None:
            for _ in range(each):
                await self._filings.do(checked(self._desk, waiting.pop(), form, filing(next(numbers))))

        began, used = time.perf_counter(), time.process_time()
        await asyncio.gather(*(client() for _ in range(clients)))
        return {
            "seconds": time.perf_counter() - began, "count": clients * each, "cpu": time.process_time() - used,
        }  # fmt: skip

    async def load(self, *, tickets: int, still_open: int, first: int = 0) -> dict[str, Any]:
        """Add tickets straight to the tables."""
        now = self._desk.clock()
        await asyncio.to_thread(
            load_tickets, self._url, tickets=tickets, still_open=still_open, now=now, first=first
        )
        return {"count": tickets}

    async def load_clocks(self, *, first: int, count: int, due: int, clock: str) -> dict[str, Any]:
        """Add running clocks to tickets that are there."""
        numbers = range(first, first + count)
        await asyncio.to_thread(load_clocks, self._url, numbers, due=due, now=self._desk.clock(), clock=clock)
        return {"count": count}

    async def first_page(self, *, times: int, size: int) -> dict[str, Any]:
        """Read the first page of a queue, as the console's list does, without HTTP."""
        queue, took = listing.TicketFilter(queue="trademark"), []
        for _ in range(times):
            began = time.perf_counter()
            async with self._desk.glance() as session:
                page = await listing.list_tickets(
                    session, queue, now=self._desk.clock(), zone=self._desk.office.calendar.zone, limit=size
                )
            took.append(time.perf_counter() - began)
            assert len(page.items) == size, len(page.items)
        return {"took": took}

    async def sweep(self) -> dict[str, Any]:
        """Do what the worker does each round for the clocks."""
        began = time.perf_counter()
        await worker.sweep_clocks(self._desk, self._desk.clock())
        return {"seconds": time.perf_counter() - began}

    async def write_all_the_time(self, *, seconds: float) -> dict[str, Any]:
        """Commit one small use case after the other; gives how long each took."""
        (conversation,) = (await self.conversations(count=1))["ids"]
        took, until = [], time.perf_counter() + seconds
        while (began := time.perf_counter()) < until:
            async with self._desk.begin() as session:
                found = await session.get_one(Conversation, conversation, with_for_update=True)
                found.failed_tries += 1
            took.append(time.perf_counter() - began)
            await asyncio.sleep(0.002)
        return {"took": took}

    async def sweep_beside_writer(self) -> dict[str, Any]:
        """Catch up with everything overdue while somebody writes all the time in this process."""
        writing = asyncio.create_task(self._write_until_told(stop := asyncio.Event()))
        await asyncio.sleep(0.3)
        began = time.perf_counter()
        await worker.sweep_clocks(self._desk, self._desk.clock())
        seconds = time.perf_counter() - began
        stop.set()
        return {"seconds": seconds, "took": await writing}

    async def _write_until_told(self, stop: asyncio.Event) -> list[float]:
        took: list[float] = []
        while not stop.is_set():
            took += (await self.write_all_the_time(seconds=0.2))["took"]
        return took

    async def verify_ready(self) -> dict[str, Any]:
        """Answer, once the desk is up."""
        return {}

    async def verify(self) -> dict[str, Any]:
        """Recompute the audit chains."""
        async with self._desk.read() as session:
            report = await audit.verify(session)
        return {"holds": report.holds, "tickets": report.tickets}


async def main() -> None:
    """Serve commands until standard input ends."""
    folder, url, port, processes = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    structlog.configure(processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    settings = Settings(data_dir=folder / "data", database_url=url, port=port, trusted_proxies=1, desk_processes=processes, **dict.fromkeys(_LIMITS, _ROOMY))
    desk = await create_desk(settings, engine=ScriptedEngine())
    runner = web.AppRunner(make_public_app(desk), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_port=processes > 1).start()
    spare_what_stays()
    side = Side(desk, url)
    while line := await asyncio.to_thread(sys.stdin.readline):
        call = json.loads(line)
        command: Callable[..., Awaitable[dict[str, Any]]] = getattr(side, call.pop("do"))
        print(json.dumps(await command(**call)), flush=True)
    await runner.cleanup()
    await close_desk(desk)


if __name__ == "__main__":
    asyncio.run(main())

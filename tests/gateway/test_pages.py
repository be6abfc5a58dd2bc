"""The pages as text: what they offer and that what they carry cannot break out."""

import json
import re
from datetime import timedelta
from pathlib import Path

from aiohttp.test_utils import TestClient

from bot.bootstrap import Desk
from bot.gateway import app
from bot.gateway.errors import _STATUS
from bot.gateway.pages import page_data
from bot.gateway.words import Words
from bot.helpdesk.errors import HelpdeskError
from bot.serve import make_public_app
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine


async def test_chat_page_greets_and_offers_the_ways_in(client: TestClient, desk: Desk) -> None:
    page = await (await client.get("/")).text()
    assert desk.texts("greeting.text") in page
    for way in ("举报投诉", "维权援助", "查工单", "转人工", "常用问题"):
        assert way in page


async def test_common_questions_are_titles_of_articles_that_hold_today(client: TestClient, desk: Desk) -> None:
    page = await (await client.get("/")).text()
    asked = list(dict.fromkeys(re.findall(r'data-ask="([^"]+)"', page)))
    titles = {article.title for article in desk.knowledge.articles.values()}
    assert len(titles.intersection(asked)) >= 40
    assert desk.knowledge.articles["trademark_register_steps"].title in asked[:20], "the commonest comes first"


def test_every_common_question_has_its_article(desk: Desk) -> None:
    wanted = [article_id for group in Words.load()["groups"] for article_id in group["articles"]]
    assert len(wanted) == len(set(wanted))
    assert [article_id for article_id in wanted if article_id not in desk.knowledge.articles] == []


async def test_page_carries_its_words_as_data(client: TestClient, desk: Desk) -> None:
    page = await (await client.get("/")).text()
    data = json.loads(re.search(r'id="page-data">(.*?)</script>', page, re.S).group(1))
    assert data["config"]["message_max_chars"] == desk.settings.message_max_chars
    assert data["words"]["typing"]


def test_data_cannot_end_its_element() -> None:
    text = str(page_data({"greeting": "</script><script>alert(1)</script><!-- & -->"}))
    assert "<" not in text and ">" not in text
    assert json.loads(text)["greeting"].startswith("</script>")


def scripts() -> dict[str, str]:
    """Return the scripts of the pages by name."""
    folder = Path(app.__file__).parent / "static" / "js"
    return {path.name: path.read_text("utf-8") for path in folder.glob("*.js")}


def test_scripts_and_templates_use_exactly_the_words_that_exist() -> None:
    templates = Path(app.__file__).parent / "templates"
    code = "\n".join([*scripts().values(), *(path.read_text("utf-8") for path in templates.glob("*.html"))])
    used = set(re.findall(r"\bwords\.(\w+)", code)) | set(re.findall(r'\bsay\("(\w+)"', code))
    assert used - {"js"} == set(Words.load()["script"])


def test_scripts_never_parse_text_as_html() -> None:
    for name, code in scripts().items():
        for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "DOMParser"):
            assert forbidden not in code, (name, forbidden)


def test_every_error_has_words(desk: Desk) -> None:
    ours = {kind.code for kind in all_errors(HelpdeskError) if kind.__module__ == "bot.gateway.problems"}
    own = Words.load()["errors"]
    assert [code for code in ours | set(_STATUS) if code not in own and f"errors.{code}" not in desk.texts] == []


def all_errors(kind: type) -> set[type]:
    """Return a class and all classes below it."""
    return {kind}.union(*(all_errors(below) for below in kind.__subclasses__()))


async def test_health_of_the_process_and_of_what_it_needs(client: TestClient, engine: ScriptedEngine) -> None:
    assert await (await client.get("/healthz")).json() == {"status": "ok"}
    ready = await client.get("/readyz")
    assert (ready.status, await ready.json()) == (200, {"status": "ready", "store": True, "engine": True, "settled": True})
    engine.is_down = True
    degraded = await client.get("/readyz")
    assert (degraded.status, (await degraded.json())["status"]) == (200, "degraded")


async def test_a_message_that_nobody_settles_shows(client: TestClient, desk: Desk, clock: FakeClock) -> None:
    await (await Citizen.arrives(desk)).sends("有人吗")
    clock.move(timedelta(minutes=5))
    assert (await (await client.get("/readyz")).json())["settled"]
    clock.move(timedelta(seconds=1))
    assert await (await client.get("/readyz")).json() == {
        "status": "degraded", "store": True, "engine": True, "settled": False,
    }  # fmt: skip
    assert "rightsdesk_inbound_waiting_seconds 301.0" in await (await client.get("/metrics")).text()


async def test_without_store_it_is_not_ready(client: TestClient, desk: Desk, monkeypatch) -> None:
    def away() -> None:
        raise OSError("no route to the store")

    monkeypatch.setattr(desk.database, "read", away)
    response = await client.get("/readyz")
    assert (response.status, (await response.json())["store"]) == (503, False)


async def test_rules_of_the_gateway_are_for_its_own_routes(desk: Desk, aiohttp_client) -> None:
    """The console is mounted below it and has rules of its own."""
    client = await aiohttp_client(make_public_app(desk))
    console = await client.get("/console/", allow_redirects=False)
    staff = await client.get("/api/v1/staff/nowhere")
    chat = await client.get("/")
    assert {r.status < 500 for r in (console, staff, chat)} == {True}
    for response in (console, staff, chat):
        assert len(response.headers.getall("Content-Security-Policy")) == 1
    assert console.headers["Referrer-Policy"] != chat.headers["Referrer-Policy"]

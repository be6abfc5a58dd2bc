"""The maintainers' page: where they land, what it shows, what it hides."""

import pytest

from bot.helpdesk.permissions import Permission, Role, may
from tests.console.conftest import Enter
from tests.support.citizens import Citizen
from tests.support.engine import ScriptedEngine, says


async def test_a_maintainer_lands_there_and_can_follow_every_link(enter: Enter) -> None:
    keeper = await enter("维护", "maintainer")
    answer = await keeper.client.get("/console/")
    assert (answer.status, answer.url.path) == (200, "/console/knowledge")
    page = await answer.text()
    assert "2026-11-20 17:30" in page and "20261120-093000.tar.gz" in page and "没有答上来的问题" in page and "StrictUndefined" not in page
    assert page.count("<p class=\"muted\">没有") >= 2, "an empty store is said, not shown as nothing"
    for path in ("/console/notices", "/console/account", "/console/mentions"):
        assert "知识与模型" in await keeper.page(path)


async def test_it_shows_what_was_not_answered_without_the_numbers(enter: Enter, desk, engine: ScriptedEngine) -> None:
    engine.script = lambda turn: says("没听懂", intent="nlu_fallback", outcome="fallback")
    await (await Citizen.arrives(desk)).says("我的<b>牌子</b>被抄了，电话13911112222")
    page = await (await enter("维护", "maintainer")).page("/console/knowledge")
    assert "我的&lt;b&gt;牌子&lt;/b&gt;被抄了，电话139****2222" in page and "13911112222" not in page
    assert "没有听懂" in page


async def test_an_engine_that_does_not_answer_is_said(enter: Enter, engine: ScriptedEngine) -> None:
    engine.is_down = True
    assert "没有应答" in await (await enter("维护", "maintainer")).page("/console/knowledge")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.MAINTAINER])
def test_nobody_else_has_it(role: Role) -> None:
    assert not may(role, [], Permission.MAINTAIN_KNOWLEDGE)

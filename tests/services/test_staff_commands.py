"""`rightsdesk staff …` on a store of its own."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.services import staff
from bot.store.database import Database
from tests.conftest import make_settings

Run = CliRunner().invoke


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.delenv("RIGHTSDESK_DATABASE_URL", raising=False)
    return ["--data", str(tmp_path / "var")]


def listed(data: list[str]) -> dict[str, dict]:
    result = Run(app, ["staff", "list", "--json", *data])
    assert result.exit_code == 0, result.output
    return {account["login"]: account for account in json.loads(result.stdout)}


def added(data: list[str], login: str, *options: str) -> str:
    """Add an account and return its password."""
    result = Run(app, ["staff", "add", login, "--name", "王敏", *options, *data])
    assert result.exit_code == 0, result.output
    return result.stdout.partition("一次性密码：")[2].split()[0]


def test_accounts_are_added_listed_reset_and_disabled(data: list[str], tmp_path: Path) -> None:
    first = added(data, "wangmin", "--role", "auditor", "--region", "330100", "--region", "44")
    added(data, "chief", "--role", "administrator")
    account = listed(data)["wangmin"]
    assert (account["role"], account["regions"], account["must_change_password"]) == ("auditor", ["3301", "44"], True)
    reset = Run(app, ["staff", "reset-password", "wangmin", *data]).stdout
    second = reset.partition("一次性密码：")[2].split()[0]
    assert Run(app, ["staff", "reset-second-factor", "wangmin", *data]).exit_code == 0

    async def opens(password: str) -> bool:
        database = Database(make_settings(tmp_path).database)
        async with database.read() as session:
            stored = (await staff.agent_named(session, "wangmin")).password_hash
        await database.close()
        return await staff.Passwords().matches(stored, password)

    assert not asyncio.run(opens(first)) and asyncio.run(opens(second))
    assert Run(app, ["staff", "disable", "wangmin", *data]).exit_code == 0
    assert listed(data)["wangmin"]["is_active"] is False
    assert "停用" in Run(app, ["staff", "list", *data]).stdout
    verified = Run(app, ["audit", "verify", "--json", *data])
    assert json.loads(verified.stdout)["staff_events"] == 5


def test_skills_are_given_with_the_account_and_set_anew(data: list[str]) -> None:
    added(data, "wangmin", "--right", "gi", "--right", "trademark", "--language", "en")
    account = listed(data)["wangmin"]
    assert (account["rights"], account["languages"]) == (["trademark", "gi"], ["en"])
    assert "trademark,gi,en" in Run(app, ["staff", "list", *data]).stdout
    result = Run(app, ["staff", "skills", "wangmin", "--right", "patent", *data])
    assert result.exit_code == 0 and "patent" in result.stdout
    account = listed(data)["wangmin"]
    assert (account["rights"], account["languages"]) == (["patent"], [])
    assert Run(app, ["staff", "skills", "wangmin", "--right", "patents", *data]).exit_code == 2
    assert Run(app, ["staff", "skills", "nobody", *data]).exit_code == 1
    verified = Run(app, ["audit", "verify", "--json", *data])
    assert json.loads(verified.stdout)["staff_events"] == 2


@pytest.mark.parametrize("options", [["--role", "root"], ["--region", "杭州"], ["--language", "zh"]])
def test_an_account_that_makes_no_sense_is_refused(data: list[str], options: list[str]) -> None:
    assert Run(app, ["staff", "add", "x", "--name", "王敏", *options, *data]).exit_code == 2


def test_a_login_that_nobody_has_and_one_that_somebody_has_are_named(data: list[str]) -> None:
    added(data, "chief", "--role", "administrator")
    assert Run(app, ["staff", "add", "chief", "--name", "别人", *data]).exit_code == 2
    for command in ("disable", "reset-password", "reset-second-factor"):
        result = Run(app, ["staff", command, "nobody", *data])
        assert (result.exit_code, "没有这个账号" in result.output) == (1, True)


def test_the_last_administrator_stays(data: list[str]) -> None:
    added(data, "chief", "--role", "administrator")
    result = Run(app, ["staff", "disable", "chief", *data])
    assert result.exit_code == 1 and "最后一个管理员" in result.output


async def test_no_password_is_hashed_while_others_wait_to_write(tmp_path: Path, monkeypatch) -> None:
    """The first account too is hashed before its transaction is open."""
    from bot.ops import first_start

    open_now, hashed = [], []
    begin, hash_password = Database.begin, staff.Passwords.hash

    def counting(self: Database):
        manager = begin(self)
        enter, leave = manager.__aenter__, manager.__aexit__

        class Counted:
            async def __aenter__(self):
                open_now.append(1)
                return await enter()

            async def __aexit__(self, *error):
                open_now.pop()
                return await leave(*error)

        return Counted()

    async def watched(self: staff.Passwords, password: str) -> str:
        hashed.append(len(open_now))
        return await hash_password(self, password)

    monkeypatch.setattr(Database, "begin", counting)
    monkeypatch.setattr(staff.Passwords, "hash", watched)
    assert await first_start.first_staff_login(make_settings(tmp_path))
    assert hashed == [0]

"""The first account: never without a password that somebody can read, never for long."""

from pathlib import Path

from bot.bootstrap import utc_now
from bot.ops.first_start import first_staff_login
from bot.ops.running import _environment
from bot.services.staff import Passwords, agent_named, change_password
from bot.settings import Secrets
from bot.store.database import Database
from tests.conftest import make_settings


async def test_the_first_login_is_shown_until_its_password_was_changed(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    first = await first_staff_login(settings)
    assert first == await first_staff_login(settings)
    assert (settings.data_dir / "first-login").stat().st_mode & 0o077 == 0
    login, password = first.split()
    database = Database(settings.database)
    async with database.read() as session:
        agent = await agent_named(session, login)
    await change_password(
        database, Passwords(), agent.id, old=password, new="a new long one", keep_token="", now=utc_now()
    )
    await database.close()
    assert await first_staff_login(settings) is None
    assert not (settings.data_dir / "first-login").exists()


def test_a_temporary_system_opens_nothing_that_the_environment_names(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("RIGHTSDESK_DATABASE_URL", "postgresql+psycopg://production/db")
    monkeypatch.setenv("RIGHTSDESK_SECRET_KEY", "production")
    monkeypatch.setenv("rightsdesk_operator_token", "production")
    assert "RIGHTSDESK_DATABASE_URL" in _environment(make_settings(tmp_path, "sqlite+aiosqlite:///x"))
    temporary = make_settings(tmp_path).model_copy(update=dict.fromkeys(("database_url", *Secrets.model_fields)))
    environment = _environment(temporary)
    named = {"RIGHTSDESK_DATABASE_URL", "RIGHTSDESK_SECRET_KEY", "RIGHTSDESK_OPERATOR_TOKEN"}
    assert not named & {name.upper() for name in environment}

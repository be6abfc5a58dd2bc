"""What a new installation gets before anybody logs in."""

from __future__ import annotations

from bot.bootstrap import utc_now
from bot.services.accounts import add_account
from bot.services.staff import Passwords, agent_named, has_agents, one_time_password
from bot.settings import Settings, write_private
from bot.store.database import Database
from bot.store.migrate import upgrade

FIRST_LOGIN = "admin"
_FIRST_NAME = "负责人"


async def first_staff_login(settings: Settings) -> str | None:
    """Migrate the store; on a new one make the first account. Return `login password` until the
    password, which is random, has been changed.

    It is kept in the data folder, readable by its owner only, until then: a first start that fails
    half-way must not leave an account that nobody can open.
    """
    database, kept = Database(settings.database), settings.data_dir / "first-login"
    try:
        await upgrade(database.engine)
        password = one_time_password()
        password_hash = await Passwords().hash(password)
        async with database.begin() as session:
            first = await agent_named(session, FIRST_LOGIN)
            if first is None and not await has_agents(session):
                write_private(kept, f"{FIRST_LOGIN} {password}")
                await add_account(
                    session, login=FIRST_LOGIN, name=_FIRST_NAME, role="head",
                    password_hash=password_hash, now=utc_now(),
                )  # fmt: skip
            elif first is None or not first.must_change_password:
                kept.unlink(missing_ok=True)
        return kept.read_text() if kept.exists() else None
    finally:
        await database.close()

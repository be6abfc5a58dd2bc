"""What a new installation gets before anybody logs in."""

from __future__ import annotations

from bot.bootstrap import utc_now
from bot.services.staff import add_agent, has_agents, one_time_password
from bot.settings import Settings
from bot.store.database import Database
from bot.store.migrate import upgrade

FIRST_LOGIN = "admin"
_FIRST_NAME = "管理员"


async def first_staff_login(settings: Settings) -> str | None:
    """Migrate the store; on a new one make the first account and return `login password`.

    The password is random, told once, and must be changed at the first log-in.
    """
    database = Database(settings.database)
    try:
        await upgrade(database.engine)
        async with database.begin() as session:
            if await has_agents(session):
                return None
            password = one_time_password()
            await add_agent(
                session, login=FIRST_LOGIN, name=_FIRST_NAME, role="administrator",
                password=password, now=utc_now(),
            )  # fmt: skip
            return f"{FIRST_LOGIN} {password}"
    finally:
        await database.close()

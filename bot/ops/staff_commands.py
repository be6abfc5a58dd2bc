"""`rightsdesk staff …`: accounts from the command line, for who has the machine but no login.

Works on the store, whether the desk runs or not; a running desk ends the sessions at its next look.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from bot.bootstrap import utc_now
from bot.helpdesk.errors import AccountExists, AccountNotFound, BadRequest, LastAdministrator
from bot.helpdesk.routing import LANGUAGES
from bot.helpdesk.ticket import RIGHTS
from bot.ops.words import fail, words
from bot.services import accounts, staff
from bot.services.accounts import AccountChange, AccountView
from bot.services.staff_audit import OPERATOR
from bot.settings import Settings
from bot.store.database import Database
from bot.store.migrate import upgrade

DataDir = Annotated[Path | None, typer.Option("--data", help="Data folder (default: var/).")]
Rights = Annotated[
    list[str] | None, typer.Option(help=f"Right the agent knows; may be repeated. Default: all. {', '.join(RIGHTS)}.")
]
Languages = Annotated[
    list[str] | None,
    typer.Option(help=f"Language beside Chinese; may be repeated. Default: all. {', '.join(LANGUAGES)}."),
]
Step = Callable[[AsyncSession, datetime], Awaitable[object]]


def register(app: typer.Typer) -> None:
    """Add the commands to the group `staff`."""
    app.command("add")(add)
    app.command("list")(list_all)
    app.command("skills")(set_skills)
    app.command("disable")(disable)
    app.command("reset-password")(reset_password)
    app.command("reset-second-factor")(reset_second_factor)


def add(
    login: str,
    name: Annotated[str, typer.Option(help="Name shown to citizens and colleagues.")],
    role: Annotated[
        str, typer.Option(help="agent, supervisor, head, maintainer, auditor or administrator.")
    ] = "agent",
    region: Annotated[
        list[str] | None, typer.Option(help="Division code, as 330100; may be repeated. Default: all.")
    ] = None,
    right: Rights = None,
    language: Languages = None,
    data: DataDir = None,
) -> None:
    """Add an account and print its one-time password."""
    password, password_hash = _new_password()
    try:
        _work(
            data,
            lambda session, now: accounts.add_account(
                session, login=login, name=name, role=role, regions=region or (),
                rights=right or (), languages=language or (), password_hash=password_hash,
                now=now,
            ),
        )  # fmt: skip
    except (BadRequest, AccountExists) as error:
        raise typer.BadParameter(f"{login}, {role}: {error.details}") from error
    typer.echo(words("staff_added", login=login, role=role, password=password))


def list_all(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False, data: DataDir = None
) -> None:
    """List all accounts."""

    async def read() -> list[AccountView]:
        async with _store(data) as database, database.read() as session:
            return await accounts.accounts(session, now=utc_now())

    found = asyncio.run(read())
    if as_json:
        typer.echo(json.dumps([asdict(view) for view in found], ensure_ascii=False, default=str))
        return
    for view in found:
        state = words("staff_active") if view.is_active else words("staff_disabled")
        factor = words("staff_second_factor") if view.has_second_factor else "-"
        regions = ",".join(view.regions) or "-"
        skills = ",".join((*view.rights, *view.languages)) or "-"
        typer.echo("\t".join((view.login, view.name, view.role, regions, skills, state, factor)))


def set_skills(login: str, right: Rights = None, language: Languages = None, data: DataDir = None) -> None:
    """Set which rights and languages an agent can take; what is not named is no limit any more."""

    async def step(session: AsyncSession, now: datetime) -> None:
        agent_id = await accounts.account_id_of(session, login)
        change = AccountChange(rights=right or (), languages=language or ())
        await accounts.change_account(session, agent_id, change, by=OPERATOR, now=now)

    try:
        _work(data, step)
    except BadRequest as error:
        raise typer.BadParameter(f"{login}: {error.details}") from error
    shown = {"rights": ", ".join(right or ()) or "-", "languages": ", ".join(language or ()) or "-"}
    typer.echo(words("staff_skills_set", login=login, **shown))


def disable(login: str, data: DataDir = None) -> None:
    """Disable an account and end its sessions."""

    async def step(session: AsyncSession, now: datetime) -> None:
        agent_id = await accounts.account_id_of(session, login)
        await accounts.change_account(
            session, agent_id, AccountChange(is_active=False), by=OPERATOR, now=now
        )

    try:
        _work(data, step)
    except LastAdministrator as error:
        raise fail("staff_last_administrator") from error
    typer.echo(words("staff_was_disabled", login=login))


def reset_password(login: str, data: DataDir = None) -> None:
    """Give an account a new one-time password and end its sessions."""
    password, password_hash = _new_password()

    async def step(session: AsyncSession, now: datetime) -> None:
        agent_id = await accounts.account_id_of(session, login)
        await accounts.reset_password(
            session, agent_id, password_hash=password_hash, by=OPERATOR, now=now
        )

    _work(data, step)
    typer.echo(words("staff_password_reset", login=login, password=password))


def reset_second_factor(login: str, data: DataDir = None) -> None:
    """Take away a second factor whose device and recovery codes are lost."""

    async def step(session: AsyncSession, now: datetime) -> None:
        agent_id = await accounts.account_id_of(session, login)
        await accounts.reset_second_factor(session, agent_id, by=OPERATOR, now=now)

    _work(data, step)
    typer.echo(words("staff_second_factor_reset", login=login))


def _new_password() -> tuple[str, str]:
    """Return a password and its hash, made before any transaction is open."""
    password = staff.one_time_password()
    return password, asyncio.run(staff.Passwords().hash(password))


def _work(data: Path | None, step: Step) -> None:
    """Do one step in a transaction.

    Raises:
        Exit: There is no such account.
    """

    async def work() -> None:
        async with _store(data) as database, database.begin() as session:
            await step(session, utc_now())

    try:
        asyncio.run(work())
    except AccountNotFound as error:
        raise fail("staff_not_found") from error


@asynccontextmanager
async def _store(data: Path | None) -> AsyncIterator[Database]:
    database = Database(_settings(data).database)
    try:
        await upgrade(database.engine)
        yield database
    finally:
        await database.close()


def _settings(data: Path | None) -> Settings:
    return Settings(**({"data_dir": data.resolve()} if data else {}))

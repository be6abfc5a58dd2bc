"""`rightsdesk`: every command an operator has. Each is a few lines; the work is elsewhere."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import structlog
import typer
from pydantic import ValidationError

from bot.bootstrap import PostgresNeeded, check_processes
from bot.ops import running, showing, staff_commands, ticket_commands, tool_commands, tools
from bot.ops.client import CitizenClient, Unreachable, ask_line
from bot.ops.eval.asking import BadQuestionFile, ask_all, read_questions, write_results
from bot.ops.eval.page import Run, page_beside, write_page
from bot.ops.eval.printing import summary
from bot.ops.manager import Manager, PortTaken, StartFailed
from bot.ops.models import EngineMissing, TrainingFailed
from bot.ops.models import train as train_model
from bot.ops.state import AlreadyRunning, RunState, read_state, renew, stop
from bot.ops.words import fail, say, words
from bot.settings import Settings, load_secrets

app = typer.Typer(no_args_is_help=True, add_completion=False, help="维权通 RightsDesk")
staff_app, tickets_app, kb_app, sla_app, audit_app = (typer.Typer(no_args_is_help=True) for _ in range(5))
for name, part in (
    ("staff", staff_app), ("tickets", tickets_app), ("kb", kb_app), ("sla", sla_app), ("audit", audit_app),
):  # fmt: skip
    app.add_typer(part, name=name)
tool_commands.register(app, kb_app)
staff_commands.register(staff_app)
ticket_commands.register(tickets_app)

DataDir = Annotated[Path | None, typer.Option("--data", help="Data folder (default: var/).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OnDate = Annotated[str | None, typer.Option("--on", help="Answer as if today were this date.")]


def main() -> None:
    """Run the command line; a setting that cannot be used is named, without what may be a secret."""
    try:
        app()
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        for wrong in error.errors():
            why = wrong.get("ctx", {}).get("expected") or wrong["msg"]
            fail("setting_wrong", name=f"RIGHTSDESK_{'_'.join(map(str, wrong['loc'])).upper()}", why=why)
        raise SystemExit(1) from None


def _settings(data: Path | None, **changes: object) -> Settings:
    given = {"data_dir": data.resolve()} if data else {}
    return Settings(**given, **{name: value for name, value in changes.items() if value is not None})


def _running(settings: Settings) -> RunState:
    state = read_state(settings.data_dir)
    if state is None or not state.ready:
        raise fail("not_running")
    return state


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise typer.BadParameter(f"{text}: YYYY-MM-DD", param_hint="--on") from error


@app.command()
def up(
    detach: Annotated[bool, typer.Option("--detach", help="Run in the background.")] = False,
    port: Annotated[int | None, typer.Option(help="Public port (default 12330).")] = None,
    data: DataDir = None,
) -> None:
    """Start engine and desk: trains if there is no model, migrates, prints address and first login."""
    settings = _settings(data, port=port)
    standing = read_state(settings.data_dir)
    if standing:
        raise fail("already_running", url=standing.url)
    try:
        check_processes(settings)
        if detach:
            running.start_detached(settings, say)
        else:
            asyncio.run(Manager(settings, say).run())
    except PostgresNeeded as error:
        raise fail("postgres_needed", count=settings.desk_processes) from error
    except PortTaken as error:
        raise fail("port_taken", address=error) from error
    except (StartFailed, OSError) as error:
        raise fail("start_failed", detail=error) from error
    except EngineMissing as error:
        raise fail("engine_missing") from error
    except TrainingFailed as error:
        raise fail("training_failed", detail=error) from error
    except AlreadyRunning as error:
        raise fail("already_running", url=error) from error


@app.command()
def down(data: DataDir = None) -> None:
    """Stop what runs in this data folder."""
    state = read_state(_settings(data).data_dir)
    if state is None:
        raise fail("not_running")
    if not stop(state):
        raise fail("down_timeout", pid=state.pid)
    typer.echo(words("stopped"))


@app.command()
def reload(data: DataDir = None) -> None:
    """Start the desk processes anew, one after the other, as after an update; with several, citizens notice nothing."""
    renew(_running(_settings(data)))
    typer.echo(words("reloading"))


@app.command()
def status(data: DataDir = None, as_json: AsJson = False) -> None:
    """Say what runs and how it is; the exit code is 1 when something is not well."""
    settings = _settings(data)
    report = asyncio.run(running.report(settings, read_state(settings.data_dir)))
    typer.echo(json.dumps(report, ensure_ascii=False) if as_json else running.table(report))
    if not report["ready"]:
        raise typer.Exit(1)


@app.command(hidden=True)
def serve() -> None:
    """The desk process; settings come from the environment (`rightsdesk up` starts it)."""
    from bot.serve import run

    logging.basicConfig(level=logging.WARNING)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    settings = Settings()
    try:
        asyncio.run(run(settings))
    except PostgresNeeded as error:
        raise fail("postgres_needed", count=settings.desk_processes) from error


@app.command()
def train() -> None:
    """Train a model from the repository's data; the next start uses it."""
    try:
        model = train_model(Settings(), say)
    except EngineMissing as error:
        raise fail("engine_missing") from error
    except TrainingFailed as error:
        raise fail("training_failed", detail=error) from error
    typer.echo(words("trained", model=model.name))


@app.command()
def ask(
    text: str,
    as_json: AsJson = False,
    conversation: Annotated[str | None, typer.Option(help="Token of a conversation to continue.")] = None,
    on: OnDate = None,
    data: DataDir = None,
) -> None:
    """Send one message to the running system, as a citizen on the web channel."""
    settings = _settings(data)
    state, day = _running(settings), _day(on)
    token = load_secrets(settings).operator_token.get_secret_value()

    async def once() -> dict[str, object]:
        async with CitizenClient(state.url, token) as client:
            return ask_line(text, await client.say(text, session=conversation, on=day))

    try:
        line = asyncio.run(once())
    except Unreachable as error:
        raise fail("unreachable", url=state.url, detail=error) from error
    typer.echo(json.dumps(line, ensure_ascii=False) if as_json else showing.readable_answer(line))


@app.command("eval")
def evaluate(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    out: Annotated[Path, typer.Option(help="Where the result lines go.")],
    page: Annotated[
        Path | None, typer.Option(help="Where the page goes (default: beside the result lines).")
    ] = None,
    on: OnDate = None,
    data: DataDir = None,
) -> None:
    """Ask every question of a file, print a table and write a page; starts a system if none runs."""
    day, page = _day(on), page or page_beside(out)
    if page == out:
        raise typer.BadParameter(str(page), param_hint="--page")
    try:
        rows = read_questions(file)
    except (BadQuestionFile, UnicodeDecodeError) as error:
        raise typer.BadParameter(str(error)) from error

    def progress(done: int) -> None:
        if done % 50 == 0 or done == len(rows):
            typer.echo(words("eval_progress", done=done, total=len(rows)), err=True)

    async def run(settings: Settings, state: RunState) -> list[dict[str, object]]:
        token = load_secrets(settings).operator_token.get_secret_value()
        async with CitizenClient(state.url, token) as client:
            return await ask_all(client, rows, on=day, progress=progress)

    try:
        with running.running_system(_settings(data), say) as (settings, state):
            results = asyncio.run(run(settings, state))
    except (Unreachable, StartFailed) as error:
        raise fail("start_failed", detail=error) from error
    write_results(out, results)
    typer.echo(summary(results))
    if page:
        write_page(page, Run(file.name, datetime.now().astimezone(), day, state.model), results)
        typer.echo(words("eval_page", page=page))


@kb_app.command("check")
def kb_check(
    laws: Annotated[
        Path | None, typer.Option(help="Folder of official texts to compare with (default: those imported).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check every article: citations, figures, dates, questions; prints the coverage table."""
    report = tools.check_knowledge_base(Settings(), laws)
    typer.echo(showing.knowledge_json(report) if as_json else showing.knowledge_text(report))
    if not report.is_publishable:
        raise typer.Exit(1)


@sla_app.command("explain")
def sla_explain(number: str, as_json: AsJson = False, data: DataDir = None) -> None:
    """Explain every clock of a ticket: what was counted, what not, and why."""
    explained = asyncio.run(tools.explain_ticket(_settings(data), number))
    if explained is None:
        raise fail("ticket_not_found")
    typer.echo(showing.explanation_json(explained) if as_json else showing.explanation_text(explained, tools.office_zone(Settings())))


@sla_app.command("due")
def sla_due(
    start: Annotated[str, typer.Option(help="ISO instant; without an offset it is Beijing time.")],
    amount: Annotated[int, typer.Option()],
    unit: Annotated[str, typer.Option(help="working_days, working_minutes, calendar_days or months")],
    frames: Annotated[str | None, typer.Option(help="Office hours, 09:00-12:00,13:30-17:30")] = None,
    pause: Annotated[list[str] | None, typer.Option(help="FROM/TO, may be repeated")] = None,
    as_json: AsJson = False,
) -> None:
    """Count a period of the office calendar."""
    try:
        due = tools.count_due(Settings(), start, amount, unit, frames=frames, pauses=pause or [])
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    typer.echo(showing.due_json(due) if as_json else showing.due_text(due, tools.office_zone(Settings())))


@audit_app.command("verify")
def audit_verify(as_json: AsJson = False, data: DataDir = None) -> None:
    """Recompute every ticket's audit chain, that of staff matters, and every daily anchor."""
    report = asyncio.run(tools.verify_audit(_settings(data)))
    if as_json:
        typer.echo(json.dumps({"holds": report.holds, "tickets": report.tickets, "events": report.events,
                               "staff_events": report.staff_events, "roots": report.roots, "broken": report.broken}))  # fmt: skip
    elif report.holds:
        typer.echo(words("audit_holds", tickets=report.tickets, events=report.events, staff=report.staff_events, roots=report.roots))
    else:
        typer.echo(words("audit_broken") + "\n" + "\n".join(report.broken))
    if not report.holds:
        raise typer.Exit(1)


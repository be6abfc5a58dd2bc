"""The tools on the command line: deadlines, numbers, articles of laws, and importing official texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.bootstrap import load_tools, utc_now
from bot.knowledge import load_calendar
from bot.knowledge.import_laws import LEFT_OUT, ImportedFile, import_laws
from bot.knowledge.imported_laws import imported_dir
from bot.knowledge.laws import LawRegistry
from bot.ops.words import words
from bot.settings import Settings
from bot.texts import Texts
from bot.tools.deadline import RECEIVED, DeadlineTool
from bot.tools.dialogue import words_for
from bot.tools.flow import FlowTool
from bot.tools.model import Question, Result, ToolInputError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OnDate = Annotated[str | None, typer.Option("--on", help="Work it out as if today were this date.")]
DataDir = Annotated[Path | None, typer.Option("--data", help="Data folder (default: var/).")]


def register(app: typer.Typer, kb_app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("deadline")(deadline)
    app.command("number")(number)
    app.command("law")(law)
    app.command("route")(route)
    app.command("evidence")(evidence)
    app.command("fees")(fees)
    app.command("flow")(flow)
    app.command("tool")(tool)
    kb_app.command("import-laws")(import_laws_command)


def deadline(
    rule: Annotated[str | None, typer.Argument(help="A rule, see --list.")] = None,
    list_rules: Annotated[bool, typer.Option("--list", help="Name the rules.")] = False,
    from_day: Annotated[
        str | None, typer.Option("--from", help="The day from which it runs, YYYY-MM-DD.")
    ] = None,
    service: Annotated[
        str | None,
        typer.Option(
            help="electronic, post or handed: --from is then the day of the document; else that of receipt."
        ),
    ] = None,
    as_json: AsJson = False,
    on: OnDate = None,
) -> None:
    """Work out the last day of a statutory period, step by step."""
    if list_rules:
        typer.echo(_rules(as_json=as_json))
        return
    if rule is None or from_day is None:
        raise typer.BadParameter(words("deadline_missing"))
    given = {"rule": rule, "service": service or RECEIVED, "from": from_day}
    _print(_run(Settings(), "deadline", given, on), as_json=as_json)


def number(text: str, as_json: AsJson = False, on: OnDate = None) -> None:
    """Read a number: what kind it is, whether it can be right, where to look up its status."""
    _print(_run(Settings(), "number", {"number": text}, on), as_json=as_json)


def law(
    law_id: Annotated[str, typer.Argument(metavar="LAW_ID", help="Id or name, patent-law-2020 or 专利法.")],
    article: Annotated[str, typer.Argument(metavar="ARTICLE", help="第七十四条 or 74.")],
    on: OnDate = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Print an article from imported official texts; a name means the version in force on the day."""
    _print(_run(settings_of(data), "law", {"law": law_id, "article": article}, on), as_json=as_json)


def route(
    right: Annotated[str | None, typer.Option(help="patent, trademark, copyright, …")] = None,
    matter: Annotated[str | None, typer.Option(help="infringed, accused, ownership, squatting, …")] = None,
    where: Annotated[str | None, typer.Option(help="online, market, exhibition, border, abroad")] = None,
    goal: Annotated[str | None, typer.Option(help="stop, money, punish, quick")] = None,
    known: Annotated[str | None, typer.Option(help="Is the other side known: yes or no.")] = None,
    decision: Annotated[str | None, typer.Option(help="refused, invalidity, ruling, penalty, …")] = None,
    as_json: AsJson = False,
    on: OnDate = None,
) -> None:
    """Compare the ways to go; prints the next question while an answer is missing."""
    case = {"right": right, "matter": matter, "where": where, "goal": goal}
    given = _without_none(case | {"known": known, "decision": decision})
    _print(_run(Settings(), "route", given, on), as_json=as_json)


def evidence(
    case: Annotated[str | None, typer.Argument(help="A case, such as trademark_infringement.")] = None,
    right: Annotated[str | None, typer.Option(help="patent, trademark, copyright, …, general")] = None,
    printable: Annotated[bool, typer.Option("--printable", help="Only the list with boxes to tick.")] = False,
    as_json: AsJson = False,
    on: OnDate = None,
) -> None:
    """List the evidence for a kind of case; prints the next question while an answer is missing."""
    step = _run(Settings(), "evidence", _without_none({"right": right, "case": case}), on)
    if printable and isinstance(step, Result):
        typer.echo(step.data["printable"])
    else:
        _print(step, as_json=as_json)


def fees(
    subject: Annotated[str | None, typer.Argument(help="patent_annuity, patent_filing, trademark, …")] = None,
    kind: Annotated[str | None, typer.Option(help="For annuities: invention, utility_model, design.")] = None,
    filed: Annotated[str | None, typer.Option(help="Filing day of the patent, YYYY-MM-DD.")] = None,
    as_json: AsJson = False,
    on: OnDate = None,
) -> None:
    """Say which fees there are and when they are due; prints the next question while an answer is missing."""
    given = _without_none({"subject": subject, "kind": kind, "filed": filed})
    _print(_run(Settings(), "fees", given, on), as_json=as_json)


def flow(
    name: Annotated[str | None, typer.Argument(help="A flow, such as trademark_registration.")] = None,
    svg: Annotated[Path | None, typer.Option(help="Write the picture to this file.")] = None,
    as_json: AsJson = False,
    on: OnDate = None,
) -> None:
    """Print a procedure step by step, or draw it."""
    step = _run(Settings(), "flow", _without_none({"flow": name}), on)
    if svg is not None and isinstance(step, Result):
        drawing = load_tools(Settings()).get("flow")
        assert isinstance(drawing, FlowTool)
        svg.write_text(drawing.picture(step.data["flow"], _day(Settings(), on)) or "", "utf-8")
    else:
        _print(step, as_json=as_json)


def tool(
    name: str,
    given: Annotated[list[str] | None, typer.Argument(help="Answers, FIELD=VALUE.")] = None,
    as_json: AsJson = False,
    on: OnDate = None,
    data: DataDir = None,
) -> None:
    """Take one step of any tool: prints the next question, or the result."""
    pairs = [entry.partition("=") for entry in given or []]
    if not all(equals for _, equals, _ in pairs):
        raise typer.BadParameter("FIELD=VALUE")
    answers = {field: value for field, _, value in pairs}
    _print(_run(settings_of(data), name, answers, on), as_json=as_json)


def import_laws_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", exists=True, file_okay=False)],
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Import official texts of laws (.md, .txt, .docx), so that articles can be quoted in full."""
    settings = settings_of(data)
    files = import_laws(folder, imported_dir(settings.data_dir), LawRegistry.load(settings.knowledge_dir))
    typer.echo(_imported_json(files) if as_json else _imported_text(files))
    if all(file.status == LEFT_OUT for file in files):
        raise typer.Exit(1)


def settings_of(data: Path | None) -> Settings:
    """Return the settings for a data folder."""
    return Settings(data_dir=data.resolve()) if data else Settings()


def _without_none(given: Mapping[str, str | None]) -> dict[str, str]:
    return {field: value for field, value in given.items() if value is not None}


def _run(settings: Settings, name: str, given: Mapping[str, str], on: str | None) -> Question | Result:
    found = load_tools(settings).get(name)
    if found is None:
        raise typer.BadParameter(words("tool_unknown", name=name))
    try:
        return found.step(given, today=_day(settings, on))
    except ToolInputError as error:
        raise typer.BadParameter(words_for(Texts.load(), error)) from error


def _day(settings: Settings, on: str | None) -> date:
    if on is None:
        return utc_now().astimezone(load_calendar(settings.knowledge_dir).zone).date()
    try:
        return date.fromisoformat(on)
    except ValueError as error:
        raise typer.BadParameter(f"{on}: YYYY-MM-DD", param_hint="--on") from error


def _print(step: Question | Result, *, as_json: bool) -> None:
    if isinstance(step, Question):
        typer.echo(_question(step, as_json=as_json))
        return
    typer.echo(json.dumps(step.data, ensure_ascii=False) if as_json else _readable(step))


def _question(question: Question, *, as_json: bool) -> str:
    choices = [{"value": choice.value, "title": choice.title} for choice in question.choices]
    if as_json:
        asked = {"field": question.field, "text": question.text, "kind": question.kind, "choices": choices}
        return json.dumps({"question": asked}, ensure_ascii=False)
    return "\n".join([question.text, *(f"  {question.field}={c['value']}  {c['title']}" for c in choices)])


def _readable(result: Result) -> str:
    parts = [result.short, "", result.details.replace("**", "")]
    if result.notice:
        parts += ["", result.notice]
    cited = (f"  《{c.law}》{c.article}（{c.effective} 施行）" for c in result.citations)
    return "\n".join([*parts, *cited])


def _rules(*, as_json: bool) -> str:
    found = load_tools(Settings()).get("deadline")
    assert isinstance(found, DeadlineTool)
    rows = [_rule_row(found, rule_id) for rule_id in found.book.rules]
    if as_json:
        return json.dumps(rows, ensure_ascii=False)
    return "\n".join(f"{row['rule']:<36} {row['length'] or '':<16} {row['title']}" for row in rows)


def _rule_row(tool_: DeadlineTool, rule_id: str) -> dict[str, Any]:
    rule = tool_.book.rules[rule_id]
    versions = [
        {
            "law_id": version.source.law_id,
            "article": version.source.article,
            "length": f"{version.length.amount} {version.length.unit}" if version.length else None,
        }
        for version in rule.versions
    ]
    return {
        "rule": rule.id,
        "title": rule.title,
        "group": rule.group,
        "right": rule.right,
        "event": rule.event,
        "action": rule.action,
        "services": list(rule.regime.services) if rule.is_served else [],
        "length": " / ".join(dict.fromkeys(v["length"] for v in versions if v["length"])) or None,
        "roll": rule.regime.roll.value,
        "versions": versions,
    }


def _imported_json(files: list[ImportedFile]) -> str:
    listed = [
        {
            "file": file.name, "status": file.status, "law_id": file.law_id, "articles": file.articles,
            "reason": file.reason, "missing": list(file.missing),
        }
        for file in files
    ]  # fmt: skip
    return json.dumps({"files": listed, "counts": _counts(files)}, ensure_ascii=False)


def _imported_text(files: list[ImportedFile]) -> str:
    lines = []
    for file in files:
        reason = words(f"import_{file.reason}", missing="、".join(file.missing[:8])) if file.reason else ""
        lines.append(f"{words(f'import_{file.status}')}  {file.name}  {file.law_id or ''}  {reason}".rstrip())
    counts = _counts(files)
    summary = "  ".join(f"{words(f'import_{status}')} {count}" for status, count in counts.items())
    return "\n".join([*lines, summary or words("import_nothing")])


def _counts(files: list[ImportedFile]) -> dict[str, int]:
    statuses = sorted({file.status for file in files})
    return {status: sum(file.status == status for file in files) for status in statuses}

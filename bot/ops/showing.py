"""How the smaller commands show what they found: for people, or as JSON for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import Any

from bot.helpdesk.sla import Due, Step
from bot.knowledge.check import CheckReport
from bot.ops.words import words
from bot.services.sla import ClockExplanation
from bot.texts import Texts


def knowledge_text(report: CheckReport) -> str:
    """Return the report for people: the problems, then the coverage table."""
    lines = [f"{p.severity.value:<8} {p.path}: {p.message} [{p.code}]" for p in report.problems]
    if report.problems:
        lines.insert(0, words("kb_problems", count=len(report.problems)))
    lines += report.skipped
    rows = report.coverage.rows()
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines += ["", *("  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows)]
    return "\n".join([*lines, "", words("kb_count", articles=report.article_count)])


def knowledge_json(report: CheckReport) -> str:
    """Return the report for programs."""
    problems = [
        {"path": str(p.path), "code": p.code, "message": p.message, "severity": p.severity.value}
        for p in report.problems
    ]
    return json.dumps(
        {"articles": report.article_count, "problems": problems, "coverage": report.coverage.rows()},
        ensure_ascii=False,
    )


def readable_answer(line: dict[str, Any]) -> str:
    """Return an answer for people: what was said, on which law, and what can be chosen next."""
    parts = [str(line["reply"])]
    parts += [f"  《{c['law']}》{c['article']}（{c['effective']} 施行）" for c in line["citations"]]
    parts += ["  " + words("notice", text=m["notice"]) for m in line["messages"] if m.get("notice")]
    titles = [b["title"] for m in line["messages"] for b in m["buttons"]]
    if titles:
        parts.append("  [" + "] [".join(titles) + "]")
    return "\n".join(parts)


def due_json(due: Due) -> str:
    """Return a counted period for programs."""
    return json.dumps(
        {"due_at": due.due_at.isoformat(), "provisional": due.provisional, "steps": [_step(s) for s in due.steps]},
        ensure_ascii=False,
    )


def due_text(due: Due, zone: tzinfo) -> str:
    """Return a counted period for people."""
    mark = words("provisional") if due.provisional else ""
    return "\n".join([f"{_local(due.due_at, zone)} {mark}".rstrip(), *_step_lines(due.steps, zone)])


def explanation_json(explained: list[ClockExplanation]) -> str:
    """Return the explanation of a ticket's clocks for programs."""
    clocks = [
        {
            **{name: _plain(value) for name, value in asdict(e.view).items()},
            "target": {"amount": e.target.amount, "unit": e.target.unit.value},
            "steps": [_step(step) for step in e.steps],
            "events": [{"kind": k, "at": _plain(at), "noticed_at": _plain(seen)} for k, at, seen in e.events],
        }
        for e in explained
    ]
    return json.dumps(clocks, ensure_ascii=False)


def explanation_text(explained: list[ClockExplanation], zone: tzinfo) -> str:
    """Return the explanation of a ticket's clocks for people."""
    texts, parts = Texts.load(), []
    for e in explained:
        view = e.view
        parts.append(
            f"{texts(f'clocks.{view.clock}')}  {texts(f'clock_states.{view.state}')}  {_local(view.due_at, zone)}"
            f"{words('provisional') if view.provisional else ''}  "
            f"{e.target.amount} {texts(f'units.{e.target.unit.value}')}  {view.policy_id} v{view.policy_version}  "
            f"{view.calendar_id} v{view.calendar_version}"
        )
        parts += _step_lines(e.steps, zone)
    return "\n".join(parts)


def _step(step: Step) -> dict[str, Any]:
    return {name: _plain(value) for name, value in asdict(step).items()}


def _step_lines(steps: list[Step], zone: tzinfo) -> list[str]:
    texts = Texts.load()
    return [
        f"  {_local(s.from_at, zone)} – {_local(s.to_at, zone) if s.to_at else '…'}  "
        f"{texts(s.text_key) if s.text_key in texts else s.kind}  {s.counted:g}  {s.title}".rstrip()
        for s in steps
    ]


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _local(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"

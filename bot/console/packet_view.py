"""The packet as the staff API shows it: names of things in the words of the console."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.console.words import Words
from bot.services.handoff import Packet, Suggestion


def packet_json(packet: Packet, words: Words) -> dict[str, Any]:
    """Return a packet for the scripts."""
    return {
        "reason_title": words(f"handoff.reasons.{packet.reason}") if packet.reason else None,
        "last_seq": packet.last_seq,
        "asked": [
            {
                "text": asked.text,
                "at": asked.at.isoformat(),
                "intent": asked.intent,
                "confidence": asked.confidence,
                "topic_title": words(f"topics.{asked.topic}") if asked.topic else None,
                "right_title": words(f"rights.{asked.right}") if asked.right else None,
                "outcome_title": words(f"outcomes.{asked.outcome}") if asked.outcome else None,
                "answers": [
                    {
                        "text": answer.text,
                        "article_id": answer.article_id,
                        "title": answer.title,
                        "citations": answer.citations,
                        "was_sent": answer.was_sent,
                    }
                    for answer in asked.answers
                ],
            }
            for asked in packet.asked
        ],
        "forms": [
            {
                "title": form.title,
                "lines": [{"label": line.label, "shown": line.shown} for line in form.lines],
            }
            for form in packet.forms
        ],
        "tickets": [
            {
                "number": line.number,
                "kind_title": words(f"kinds.{line.kind}"),
                "status_title": words(f"states.{line.status}"),
                "subject": line.subject,
            }
            for line in packet.tickets
        ],
        "episodes": [
            {
                "reason_title": words(f"handoff.reasons.{episode.reason}"),
                "requested_at": episode.requested_at.isoformat(),
                "ended_at": _iso(episode.ended_at),
                "outcome_title": words(f"episodes.{episode.outcome}") if episode.outcome else None,
                "agent_name": episode.agent_name,
            }
            for episode in packet.episodes
        ],
        "suggestions": [_suggestion(suggestion) for suggestion in packet.suggestions],
    }


def _suggestion(found: Suggestion) -> dict[str, Any]:
    return {
        "article_id": found.article_id,
        "title": found.title,
        "short": found.short,
        "citations": found.citations,
        "notice": found.notice,
        "rests_on": found.rests_on,
        "text": found.text,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

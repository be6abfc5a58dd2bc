"""Topic and right of a message, in the names of DESIGN, section 5.

The engine recognises both in the words. Where it has not (a pressed button), the article tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.assistant.engine import EngineReply
from bot.knowledge import KnowledgeBase

#: Of what no article answers, by intent.
_BY_INTENT = {
    "request_human": ("handoff", "none"),
    "report_urgent": ("handoff", "none"),
    "request_human_urgent": ("handoff", "none"),
    "open_complaint": ("complaint", "general"),
    "open_assistance": ("assistance", "general"),
    "check_ticket": ("complaint", "general"),
    "ask_out_of_scope": ("out_of_scope", "none"),
    "greet": ("chitchat", "none"),
    "goodbye": ("chitchat", "none"),
    "thank": ("chitchat", "none"),
    "ask_bot": ("chitchat", "none"),
    "ask_capabilities": ("chitchat", "none"),
    "ask_office": ("chitchat", "none"),
    "complain_about_bot": ("chitchat", "none"),
    "wait": ("chitchat", "none"),
    "add_to_ticket": ("complaint", "general"),
    "withdraw_ticket": ("complaint", "general"),
    "lost_ticket_number": ("complaint", "general"),
    "affirm": ("chitchat", "none"),
    "deny": ("chitchat", "none"),
}
#: A wish to complain or for help names its right, or none in particular.
_ABOUT_A_RIGHT = frozenset({"open_complaint", "open_assistance"})
#: What the label of an article found counts beside the label that the words have.
_ARTICLE_SHARE = 0.5


def labels_of(
    reply: EngineReply, knowledge: KnowledgeBase, *, article_id: str | None, outcome: str
) -> tuple[str, str]:
    """Return topic and right of the message; what answers it may be about less or more.

    Args:
        article_id: What it was answered with, if an article.
        outcome: Of the reply (DESIGN, section 6).
    """
    if article_id is None and outcome == "out_of_scope":
        return "out_of_scope", "none"
    shares = reply.nlu.get("labels") or {}
    intent = reply.nlu.get("intent") or ""
    if article_id is None and intent in _BY_INTENT:
        topic, usual = _BY_INTENT[intent]
        return topic, (_likeliest(shares.get("right")) or usual) if intent in _ABOUT_A_RIGHT else usual
    found = reply.nlu.get("articles") or ()
    article = knowledge.article(article_id or (found[0]["id"] if found else ""))
    if article is None:
        return "out_of_scope", "none"
    near = [(known, hit["confidence"]) for hit in found if (known := knowledge.article(hit["id"]))]
    topic = _likeliest(shares.get("topic"), [(known.topic, confidence) for known, confidence in near])
    right = _likeliest(shares.get("right"), [(known.rights[0], confidence) for known, confidence in near])
    return topic or article.topic, right or article.rights[0]


def _likeliest(words: Mapping[str, float] | None, articles: Iterable[tuple[str, float]] = ()) -> str | None:
    """Return the likeliest label: what the words say counts for more than what the articles found are."""
    if not words:
        return None
    shares = dict(words)
    for label, confidence in articles:
        shares[label] = shares.get(label, 0.0) + _ARTICLE_SHARE * confidence
    return max(shares, key=lambda name: shares[name])

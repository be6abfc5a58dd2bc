"""What the NLU found in a message, in the words of the turn protocol."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text

FAQ = "faq"
TOP_ARTICLES = 5
TOP_INTENTS = 3


def nlu_report(parse_data: Dict[Text, Any]) -> Dict[Text, Any]:
    """Return the `nlu` part of a turn's answer.

    Args:
        parse_data: Rasa's parse of the latest message.

    Returns:
        `article_id` is the article that was answered with, so it is None unless the intent is `faq`;
        `articles` are the nearest ones whatever the intent, for clarifications and evaluation.
    """
    intent = parse_data.get("intent") or {}
    articles = _articles(parse_data)
    return {
        "intent": intent.get("name"),
        "confidence": _rounded(intent),
        "article_id": articles[0]["id"] if articles and intent.get("name") == FAQ else None,
        "articles": articles,
        "intents": [
            {"name": found.get("name"), "confidence": _rounded(found)}
            for found in (parse_data.get("intent_ranking") or [])[:TOP_INTENTS]
        ],
    }


def _articles(parse_data: Dict[Text, Any]) -> List[Dict[Text, Any]]:
    selected = (parse_data.get("response_selector") or {}).get(FAQ) or {}
    return [
        {"id": found["intent_response_key"].partition("/")[2], "confidence": _rounded(found)}
        for found in (selected.get("ranking") or [])[:TOP_ARTICLES]
    ]


def _rounded(found: Dict[Text, Any]) -> Optional[float]:
    confidence = found.get("confidence")
    return None if confidence is None else round(float(confidence), 4)

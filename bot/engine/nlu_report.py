"""What the NLU found in a message, in the words of the turn protocol."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text

FAQ = "faq"
TOP_ARTICLES = 5
TOP_INTENTS = 3
_NOT_OURS = frozenset({"none", "out_of_scope", "chitchat", "handoff"})


def nlu_report(parse_data: Dict[Text, Any]) -> Dict[Text, Any]:
    """Return the `nlu` part of a turn's answer.

    Args:
        parse_data: Rasa's parse of the latest message.

    Returns:
        `article_id` is the article that was answered with, so it is None unless the intent is `faq`;
        `further` are articles for further questions in the same message; `articles` are the nearest ones
        whatever the intent, for clarifications and evaluation; `labels` are the probabilities of topics
        and rights, given that the message is a question of ours.
    """
    intent = parse_data.get("intent") or {}
    articles = _articles(parse_data)
    is_question = intent.get("name") == FAQ
    return {
        "intent": intent.get("name"),
        "confidence": _rounded(intent),
        "article_id": articles[0]["id"] if articles and is_question else None,
        "further": _further(parse_data) if is_question else [],
        "articles": articles,
        "labels": _labels(parse_data),
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


def _further(parse_data: Dict[Text, Any]) -> List[Text]:
    selected = (parse_data.get("response_selector") or {}).get(FAQ) or {}
    return [key.partition("/")[2] for key in selected.get("further") or []]


def _labels(parse_data: Dict[Text, Any]) -> Dict[Text, Dict[Text, float]]:
    """Return the labels of each kind but those that say that it is none of ours."""
    found = {}
    for kind, probabilities in (parse_data.get("labels") or {}).items():
        ours = {name: share for name, share in probabilities.items() if name not in _NOT_OURS}
        whole = sum(ours.values())
        if whole > 0:
            found[kind] = {name: round(share / whole, 4) for name, share in ours.items()}
    return found


def _rounded(found: Dict[Text, Any]) -> Optional[float]:
    confidence = found.get("confidence")
    return None if confidence is None else round(float(confidence), 4)

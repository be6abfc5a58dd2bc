"""The articles of knowledge_base/articles, as far as language understanding needs them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Tuple

import yaml
from rasa.shared.exceptions import RasaException

# The C loader, where PyYAML has it: ten times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)


class BadArticle(RasaException):
    """An article file cannot be read; run `rightsdesk kb check`, which says what is wrong with it."""


@dataclass(frozen=True)
class Article:
    """One article: the questions it answers, and its words.

    Attributes:
        topic: What kind of question it answers.
        rights: The rights it is about, the main one first.
        short: First paragraph, the short answer.
        body: All paragraphs, Markdown.
    """

    id: str
    title: str
    topic: str
    rights: Tuple[str, ...]
    questions: Tuple[str, ...]
    short: str
    body: str


def load_articles(folder: Path) -> List[Article]:
    """Read every article below a folder, in the order of their paths.

    A version (`version_of`) is left out: it is its base in the words of other days. The desk picks
    it at the moment of the answer, so training knows the base alone.

    Raises:
        BadArticle: A file has no front matter, or it lacks `id`, `title`, `topic`, `rights` or `questions`.
    """
    articles = (_article(path) for path in sorted(folder.glob("**/*.md")))
    return [article for article in articles if article is not None]


def _article(path: Path) -> Optional[Article]:
    match = _FRONT_MATTER.match(path.read_text(encoding="utf-8"))
    if match is None:
        raise BadArticle(f"{path.name}: no front matter")
    try:
        front = yaml.load(match.group(1), Loader=_LOADER)
        if front.get("version_of"):
            return None
        questions = tuple(str(question).strip() for question in front["questions"])
        body = match.group(2).strip()
        short = body.partition("\n\n")[0].strip()
        rights = tuple(front["rights"])
        return Article(front["id"], front["title"], front["topic"], rights, questions, short, body)
    except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        raise BadArticle(f"{path.name}: {error}") from error

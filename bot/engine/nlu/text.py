"""Text as the NLU sees it. What citizens read and what is stored is never touched."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import List, Tuple

from opencc import OpenCC

from bot.engine.nlu.numerals import arabic_numerals

# Beyond this a message is a document. Its beginning and its end are where people say what they want.
HEAD, TAIL = 1500, 700

_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_HALF_WIDTH.update({0x3000: " ", ord("。"): ".", ord("、"): ",", ord("“"): '"', ord("”"): '"'})
_LINK = re.compile(r"https?://\S+|www\.\S+")
# 专 利 能 保 护: some type or dictate with a space after every word.
_SPACED = re.compile(r"(?<![㐀-鿿])(?:[㐀-鿿]{1,2}\s+){2,}[㐀-鿿]{1,2}(?![㐀-鿿])")
_REPEATED = re.compile(r"(\D)\1{2,}")
_SENTENCE_END = re.compile(r"(?<=[.!?;])(?!\d)|\n")
# How people begin before they say anything. It says nothing about the matter, but looks like a greeting.
# 老师 and the like open a message only where something sets them apart: 老师上课… is about a teacher.
_OPENER = re.compile(
    r"^(?:(?:你好|您好|请问一下|请问|请教一下|打扰一下|想问一下|问一下|咨询一下|我想咨询一下|我想问一下"
    r"|我想咨询|我想问|我要咨询)[啊呀]?(?:(?:律师|老师|客服)(?=[\s,.!:;~]))?[\s,.!:;~]*"
    r"|(?:律师|老师|客服)(?:你好|您好|[\s,.!:;~])[\s,.!:;~]*)+(?=.{5,})",
    re.DOTALL,
)
_PUNCTUATION = re.compile(r"[\W_]+")


@lru_cache(maxsize=1)
def _to_simplified() -> OpenCC:
    return OpenCC("t2s")


def normalise(text: str) -> str:
    """Return text in one spelling: half-width, simplified, Arabic numerals, no links, no long repetitions."""
    if len(text) > HEAD + TAIL:
        text = f"{text[:HEAD]}。{text[-TAIL:]}"
    return _OPENER.sub("", normalise_document(text))


@lru_cache(maxsize=256)
def normalise_document(text: str) -> str:
    """Return text of any length in the spelling of `normalise`; for our own articles.

    Remembers the last ones: several components ask for the spelling of the same message.
    """
    text = _LINK.sub(" ", text.translate(_HALF_WIDTH))
    text = _SPACED.sub(lambda match: "".join(match.group().split()), text)
    text = _REPEATED.sub(r"\1\1", text)
    return arabic_numerals(_to_simplified().convert(text)).strip().lower()


def core(text: str) -> str:
    """Return normalised text without spaces and punctuation, for comparing whole messages."""
    return _PUNCTUATION.sub("", normalise(text))


def sentences(text: str) -> List[Tuple[int, int]]:
    """Return the spans of the sentences of a normalised text, empty ones left out."""
    spans, start = [], 0
    for match in [*_SENTENCE_END.finditer(text), None]:
        end = match.end() if match else len(text)
        if text[start:end].strip(" .!?;,\n"):
            spans.append((start, end))
        start = end
    return spans

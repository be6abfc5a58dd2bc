"""Handing a conversation to a person and back.

Every change of owner happens with the conversation's row locked and grows its epoch. That is the
compare-and-set: of two agents who claim at once, one waits for the other's commit and then sees
who was faster; a reply that the bot still has in the making finds a newer epoch and stays a draft.
"""

from bot.services.handoff.episodes import claim, close, hand_back, return_to_bot
from bot.services.handoff.listing import ConversationCard, list_conversations
from bot.services.handoff.requesting import request_human
from bot.services.handoff.writing import REPLY_MAX_CHARS, add_note, reply

__all__ = [
    "REPLY_MAX_CHARS",
    "ConversationCard",
    "add_note",
    "claim",
    "close",
    "hand_back",
    "list_conversations",
    "reply",
    "request_human",
    "return_to_bot",
]

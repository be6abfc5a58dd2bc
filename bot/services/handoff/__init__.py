"""Handing a conversation to a person and back.

Every change of owner happens with the conversation's row locked and grows its epoch. That is the
compare-and-set: of two agents who claim at once, one waits for the other's commit and then sees
who was faster; a reply that the bot still has in the making finds a newer epoch and stays a draft.

`requesting` asks for a person, `assigning` finds one, `episodes` holds claim and end, `nudging` looks after
the silent, `transferring` gives on, `settling` tells the bot what was settled, `packet` the agent what
was said; `recording` keeps the record of it all.
"""

from bot.services.handoff.assigning import assign_waiting, waiting_to_be_assigned
from bot.services.handoff.episodes import claim, close, current_handoff, hand_back, return_to_bot
from bot.services.handoff.leaving import leave_ticket
from bot.services.handoff.listening import (
    is_with_colleague,
    note_reading,
    start_listening,
    stop_listening,
)
from bot.services.handoff.listing import ConversationCard, conversation_card, list_conversations
from bot.services.handoff.nudging import look_after, silent_conversations
from bot.services.handoff.packet import Packet, packet
from bot.services.handoff.presence import (
    AgentOnFloor,
    arrive,
    choose_presence,
    floor,
    note_alive,
    set_reach,
)
from bot.services.handoff.requesting import request_human
from bot.services.handoff.saying import BACK_TO_BOT, LEAVE_TICKET
from bot.services.handoff.suggesting import Suggestion, about
from bot.services.handoff.transferring import (
    NOTE_MAX_CHARS,
    take_over,
    transfer_to_agent,
    transfer_to_queue,
)
from bot.services.handoff.writing import REPLY_MAX_CHARS, add_note, reply

__all__ = [
    "BACK_TO_BOT",
    "LEAVE_TICKET",
    "NOTE_MAX_CHARS",
    "REPLY_MAX_CHARS",
    "AgentOnFloor",
    "ConversationCard",
    "Packet",
    "Suggestion",
    "about",
    "add_note",
    "arrive",
    "assign_waiting",
    "choose_presence",
    "claim",
    "close",
    "conversation_card",
    "current_handoff",
    "floor",
    "hand_back",
    "is_with_colleague",
    "leave_ticket",
    "list_conversations",
    "look_after",
    "note_alive",
    "note_reading",
    "packet",
    "reply",
    "request_human",
    "return_to_bot",
    "set_reach",
    "silent_conversations",
    "start_listening",
    "stop_listening",
    "take_over",
    "transfer_to_agent",
    "transfer_to_queue",
    "waiting_to_be_assigned",
]

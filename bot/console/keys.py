"""What the console's applications and requests carry."""

from __future__ import annotations

from collections import Counter
from weakref import WeakSet

from aiohttp import web

from bot.bootstrap import Desk
from bot.console.looking import Onlookers
from bot.console.words import Words
from bot.services.staff import Passwords
from bot.store.tables import Agent, StaffSession

#: Where the two applications are mounted.
CONSOLE_PREFIX = "/console"
STAFF_API = "/api/v1/staff"

DESK = web.AppKey("console_desk", Desk)
WORDS = web.AppKey("console_words", Words)
PASSWORDS = web.AppKey("console_passwords", Passwords)
#: Open live connections.
SOCKETS = web.AppKey("console_sockets", WeakSet[web.WebSocketResponse])
#: How many live connections each agent has open, by id; see `hearts`.
PRESENT = web.AppKey("console_present", Counter[str])
#: Who has which ticket or conversation open.
ONLOOKERS = web.AppKey("console_onlookers", Onlookers)
#: The signed-in agent, their CSRF token and the token of their session.
AGENT = web.RequestKey("console_agent", Agent)
CSRF = web.RequestKey("console_csrf", str)
TOKEN = web.RequestKey("console_token", str)
SESSION = web.RequestKey("console_session", StaffSession)

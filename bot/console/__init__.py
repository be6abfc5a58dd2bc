"""The staff console: pages for agents, the staff API, live updates.

Handlers only translate: they read a request, call one service, and present what came back.
"""

from __future__ import annotations

from bot.console.app import add_staff_api, create_console_app

__all__ = ["add_staff_api", "create_console_app"]

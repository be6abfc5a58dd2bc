"""What citizens reach: the chat page, ticket tracking, and the HTTP interface behind them."""

from bot.gateway.app import create_gateway_app

__all__ = ["create_gateway_app"]

"""The bot's side of a conversation: the engine's client, the turn, and how answers are shown."""

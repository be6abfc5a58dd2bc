"""The Rasa engine of RightsDesk: language understanding and dialogue policy, nothing else.

Everything in this package runs inside Rasa 3.6 on Python 3.10. It imports nothing from the rest of
`bot`, and nothing of the rest imports it: the two sides talk over HTTP on 127.0.0.1 only
(`channel.py` towards the engine, `action_endpoint.py` back to the desk).
"""

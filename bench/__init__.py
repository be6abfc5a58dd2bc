"""`make bench`: how long an answer takes through the whole path, beside a stock Rasa bot.

`bots.py` starts the two, `load.py` sends the messages, `report.py` writes RESULTS.md.
"""

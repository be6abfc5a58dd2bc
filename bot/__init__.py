"""RightsDesk (维权通): an intellectual-property helpdesk.

This package is imported on two Pythons: `bot.engine` inside Rasa on 3.10, everything
else in the desk on 3.12. So nothing may be imported here.
"""

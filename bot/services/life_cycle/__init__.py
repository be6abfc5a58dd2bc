"""The life of a ticket between opening and archive, one module a use case.

`after_step` is what every step of the state table brings along; the others are called by entry
points. Import the modules, not names from here: `services.tickets` needs `after_step`, and the use
cases need `services.tickets`.
"""

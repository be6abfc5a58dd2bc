"""What leaves the desk for staff mailboxes and other systems.

`happenings` is called by use cases, `subscriptions` turns what happened into deliveries in the same
commit, `delivering` brings them out, `deliveries` and `webhooks` are what the console shows.
"""

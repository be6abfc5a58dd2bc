"""Use cases, one function each.

A function takes the open `AsyncSession` first: the session is the unit of work and the entry
point decides where the transaction begins and ends (`async with desk.begin() as session`).
Times come in as `now`, aware and in UTC.
"""

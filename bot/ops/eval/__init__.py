"""`rightsdesk eval`: real questions through the real engine and answer path, a table and a page.

`asking` reads and asks, `scoring`, `calibration` and `costs` judge, `printing` and `page` show.
"""

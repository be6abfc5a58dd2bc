"""RightsDesk beside Roundup 2.6 and django-helpdesk 2.6: opening, listing, sweeping; sockets; crashes.

`python -m bench.peers` measures and writes `bench/PEERS.md`; `--quick` takes smaller sizes.
"""

"""`make bench-models`: ways to understand a message and to find its article, compared in one run.

Runs with the engine's Python. `__main__` prepares the data once and starts a process for each method, so
that time and memory are the method's own; `worker` is that process; `report` writes docs/MODELS.md.
"""

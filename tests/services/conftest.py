"""Fixtures of this folder."""

from tests.services.outgoing import deliverer, hook, smtp  # noqa: F401  (fixtures)

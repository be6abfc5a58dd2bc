"""Escalation: versions of chains, who is meant by them, and telling them."""

from bot.services.escalation.chains import (
    ChainBook,
    ChainChangedMeanwhile,
    ChainVersion,
    chain_book,
    chain_versions,
    propose_chain,
    save_chain,
    ship_chains,
)
from bot.services.escalation.telling import Reach, ReachedClock, tell

__all__ = [
    "ChainBook",
    "ChainChangedMeanwhile",
    "ChainVersion",
    "Reach",
    "ReachedClock",
    "chain_book",
    "chain_versions",
    "propose_chain",
    "save_chain",
    "ship_chains",
    "tell",
]

"""Fusing several scores of the same candidates into one probability."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

_SHRINKAGE = 1e-3


def fit_fusion(signals: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the weights with which `fused` gives the true candidates the highest probability.

    Args:
        signals: Scores, [query, candidate, signal]; made without knowledge of the truth, so that the
            probabilities hold for queries never seen.
        truth: Index of the true candidate of each query.

    Returns:
        One weight per signal, none negative: no signal may count against a candidate.
    """
    rows = np.arange(len(truth))
    spread = signals.std(axis=(0, 1)) + 1e-9
    signals = signals / spread

    def loss(weights: np.ndarray) -> tuple:
        scores = signals @ weights
        scores -= scores.max(axis=1, keepdims=True)
        odds = np.exp(scores)
        total = odds.sum(axis=1, keepdims=True)
        likelihood = (scores[rows, truth] - np.log(total[:, 0])).mean()
        slope = (np.einsum("qc,qcs->qs", odds / total, signals) - signals[rows, truth]).mean(axis=0)
        return -likelihood + _SHRINKAGE * weights @ weights, slope + 2 * _SHRINKAGE * weights

    count = signals.shape[2]
    return minimize(loss, np.ones(count), jac=True, method="L-BFGS-B", bounds=[(0, None)] * count).x / spread


def fused(signals: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the probability of each candidate from its signals, [candidate, signal]."""
    scores = signals @ weights
    odds = np.exp(scores - scores.max())
    return odds / odds.sum()

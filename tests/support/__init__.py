"""Builders with valid defaults, fakes that keep the real contracts, drivers."""

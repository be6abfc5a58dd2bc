"""Journeys through a whole system: process manager, desk, real engine, browser."""

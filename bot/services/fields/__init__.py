"""Checking single answers: one module for each kind of answer, and the data they read."""

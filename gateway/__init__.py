"""Yizhan (驿站): collect departmental data at the edge, seal it, carry it, and prove what arrived.

Rooms and arrows are described in README.md and held by the import-linter contracts in pyproject.toml.
"""

"""For all tests: a property test judges what comes out, never how long it took; machines are noisy."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("yizhan", deadline=None)
settings.load_profile("yizhan")

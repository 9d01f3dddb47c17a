"""The two clocks of the county: near the machine's own, for certificates are judged by both."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.calendar import ASIA_SHANGHAI

AT = datetime.now(ASIA_SHANGHAI).replace(microsecond=400_000)
"""The centre's."""
AHEAD = timedelta(seconds=75.5)
"""By how much the front-ends' are ahead."""

"""What the plugins make of Airflow's records, of its users, and of a failure. stdin: one question of each kind, stdout:
the answers under the same names.
"""

from __future__ import annotations

import json
import sys

from airflow import plugins_manager
from airflow.sdk.exceptions import AirflowException


def main() -> None:
    """Answer."""
    plugins_manager.get_timetables_plugins()
    from yizhan_records import Event, Run
    from yizhan_reruns import clearing, in_words
    from yizhan_retries import TRIES, ByErrorClass, Later
    from yizhan_tasks import staff_number

    asked = json.load(sys.stdin)
    run = Run.model_validate(asked["run"])

    def cleared(events):
        return clearing(run, [Event.model_validate(one) for one in events]).reason

    def tried(kind, tries, before):
        error = {"later": Later("later"), "other": AirflowException("other"), "defect": KeyError("defect")}[kind]
        decision = ByErrorClass().evaluate(error, before + tries, before + TRIES)
        return decision.retry_delay.total_seconds() if decision.retry_delay else decision.action.value

    print(
        json.dumps(
            {
                "clearings": [cleared(events) for events in asked["clearings"]],
                "words": [in_words(text) for text in asked["words"]],
                "users": [staff_number(*one) for one in asked["users"]],
                "tries": [tried(*one) for one in asked["tries"]],
            }
        )
    )


if __name__ == "__main__":
    main()

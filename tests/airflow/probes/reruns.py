"""What the plugins make of Airflow's records, of its users, of a failure, and of an instruction. stdin: one question of
each kind, stdout: the answers under the same names.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime

from airflow import plugins_manager
from airflow.sdk.exceptions import AirflowException


def main() -> None:
    """Answer."""
    plugins_manager.get_timetables_plugins()
    from yizhan_office import Issued, Standing
    from yizhan_records import Event, Run
    from yizhan_reruns import clearing, in_words
    from yizhan_retries import TRIES, ByErrorClass, Later
    from yizhan_tasks import staff_number
    from yizhan_words import balance_words, heard_words, issued_words

    asked = json.load(sys.stdin)
    now = datetime.fromisoformat(asked["now"])
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
                "issued": [issued_words(Issued.model_validate(one), *more) for one, *more in asked["issued"]],
                "heard": [list(heard_words(Standing.model_validate(one), left, now)) for one, left in asked["heard"]],
                "balance": balance_words(asked["balance"]),
                "tries": [tried(*one) for one in asked["tries"]],
            }
        )
    )


if __name__ == "__main__":
    main()

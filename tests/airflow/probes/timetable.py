"""What Airflow is told by the timetables of a compiled catalogue; each is serialised and read back first, as the
scheduler does. stdin: [{feed, question, …}], stdout: the answers in order.
"""

from __future__ import annotations

import json
import sys

import pendulum
from airflow.serialization.decoders import decode_timetable
from airflow.serialization.encoders import encode_timetable
from airflow.timetables.base import DataInterval, TimeRestriction
from airflow.utils.types import DagRunType


def main() -> None:
    """Answer every question."""
    import os
    from pathlib import Path

    from airflow import plugins_manager

    plugins_manager.get_timetables_plugins()
    from yizhan_periods import FeedTimetable

    from gateway.catalogue.compiled import Compiled

    compiled = Compiled.parse(Path(os.environ["YIZHAN_COMPILED"]).read_bytes())
    made = {feed.feed: FeedTimetable(feed.schedule, compiled.morning) for feed in compiled.feeds}
    known = {name: decode_timetable(encode_timetable(timetable)) for name, timetable in made.items()}
    print(json.dumps([_answer(known[asked["feed"]], asked) for asked in json.load(sys.stdin)]))


def _answer(timetable, asked):
    if asked["question"] == "manual":
        return _interval(timetable.infer_manual_data_interval(run_after=pendulum.parse(asked["at"])))
    earliest, latest = pendulum.parse(asked["earliest"]), asked.get("latest")
    restriction = TimeRestriction(earliest, pendulum.parse(latest) if latest else None, asked.get("catchup", True))
    runs, last = [], None
    while len(runs) < asked.get("most", 50):
        info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
        if info is None:
            break
        last = info.data_interval
        name = timetable.generate_run_id(
            run_type=DagRunType.SCHEDULED, run_after=info.run_after, data_interval=info.data_interval
        )
        runs.append([name, *_interval(DataInterval(*last)), _here(info.run_after)])
    return runs


def _interval(interval):
    return [_here(interval.start), _here(interval.end)]


def _here(moment):
    return moment.in_timezone("Asia/Shanghai").format("YYYY-MM-DD HH:mm")


if __name__ == "__main__":
    main()

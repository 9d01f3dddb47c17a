"""Parses the DAG file as the DAG processor does: seconds for executing it and for serialising what it made, the plugins
that were loaded for it, and the DAGs. stdin: null.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from pathlib import Path

from airflow import plugins_manager
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization


def main() -> None:
    """Answer."""
    plugins_manager.get_timetables_plugins()
    file = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]) / "yizhan_feeds.py"
    begun = time.monotonic()
    spec = importlib.util.spec_from_file_location("yizhan_feeds", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    executed = time.monotonic() - begun
    dags = [one for one in vars(module).values() if isinstance(one, DAG)]
    plugins = sorted(name for name in sys.modules if name.startswith(("yizhan_", "fastapi")) and "." not in name)
    begun = time.monotonic()
    texts = [DagSerialization.to_json(dag) for dag in dags]
    serialised = time.monotonic() - begun
    print(
        json.dumps(
            {
                "executed": executed,
                "serialised": serialised,
                "plugins": plugins,
                "text": "".join(texts) if len(texts) < 9 else "",
                "dags": {
                    dag.dag_id: {
                        "names": [task.task_display_name for task in dag.topological_sort()],
                        "tasks": [task.task_id for task in dag.topological_sort()],
                        "types": sorted(dag.allowed_run_types) if dag.allowed_run_types else None,
                        "catchup": dag.catchup,
                        "start": str(dag.start_date),
                        "remark": dag.doc_md or "",
                    }
                    for dag in dags
                },
            }
        )
    )


if __name__ == "__main__":
    main()

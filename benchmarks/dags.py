"""What Airflow's DAG processor needs for the DAG file of a large county: reports, never asserts.

`.venv/bin/python -m benchmarks.dags --feeds 200`: the sample's feeds, again and again, each under a name of its own; a
new Airflow with an empty SQLite database; then its DAG processor goes over the folder as often as asked, as it does in
operation. *parsed* is what Airflow keeps of each DAG as the duration of the last parse of its file: the process that
executes the file and serialises the DAGs. *executed* and *serialised* are its two parts, from a process that does
nothing else. *whole* is the command from its start to its end, which includes Airflow's own start and the storing.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path

from scripts.airflow_local import PYTHON, Place
from tests.airflow.asking import ask, compile_sample


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compiled = multiply(compile_sample(Path(folder)), given.feeds)
        for _ in range(given.turns):
            found = ask("parse", Path(folder, "probe"), compiled, None)
            print(f"executed   {found['executed']:6.2f} s\nserialised {found['serialised']:6.2f} s", flush=True)
        process(Path(folder, "airflow"), compiled, given.turns)


def multiply(compiled: Path, feeds: int) -> Path:
    """A compiled catalogue of so many feeds, beside the sample's."""
    document = json.loads(compiled.read_text(encoding="utf-8"))
    sample = document["feeds"]
    many = [{**sample[i % len(sample)], "feed": f"{sample[i % len(sample)]['feed']}_{i}"} for i in range(feeds)]
    large = compiled.with_name("large.json")
    large.write_text(json.dumps(document | {"feeds": many}, ensure_ascii=False), encoding="utf-8")
    return large


def process(home: Path, compiled: Path, turns: int) -> None:
    """Airflow's DAG processor, each turn a process of its own over the same database."""
    home.mkdir()
    for name in ("passwords.json", "secret", "reader"):
        (home / name).write_text("{}", encoding="utf-8")
    place = Place(home=home, port=0, compiled=compiled, office="", token_file=home / "secret", users={})
    run(place, "db", "migrate")
    for _ in range(turns):
        began = time.perf_counter()
        run(place, "dag-processor", "--num-runs", "1")
        whole = time.perf_counter() - began
        with closing(sqlite3.connect(home / "airflow.db")) as database:
            dags, parsed = database.execute("select count(*), max(last_parse_duration) from dag").fetchone()
        print(f"parsed     {parsed:6.2f} s   {dags} DAGs, whole {whole:.1f} s", flush=True)


def run(place: Place, *command: str) -> None:
    """One of Airflow's commands, to its end."""
    with (place.home / "log").open("ab") as log:
        subprocess.run(
            [PYTHON, "-m", "airflow", *command], env=place.environment, cwd=place.home, stdout=log, stderr=log,
            check=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()

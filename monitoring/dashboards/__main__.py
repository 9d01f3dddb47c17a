"""`python -m monitoring.dashboards [FOLDER]`: write the dashboards; without a folder, where the repository keeps them.

It must never write anything else, nor remove a file.
"""

from __future__ import annotations

import sys
from pathlib import Path

from monitoring.dashboards.collection import HOME, documents

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HOME
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (folder / name).write_text(text, encoding="utf-8")
        print(folder / name)

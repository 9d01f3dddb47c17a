"""Makes the pages of yizhan_pages/ known to Airflow's api-server. Must never cost a task anything."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from airflow.plugins_manager import AirflowPlugin
from yizhan_links import PREFIX


class YizhanPages(AirflowPlugin):
    """The pages, below Airflow's own address and behind its log-in."""

    name = "yizhan_pages"

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:
        """Imported when the api-server asks: every task's process loads every plugin, and would wait two seconds."""
        from yizhan_pages.app import make_app

        return [{"app": make_app(), "url_prefix": PREFIX, "name": "yizhan"}]

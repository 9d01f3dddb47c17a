"""Asks for pages as the api-server would serve them. stdin: [{"role", "office", "token", "path", "headers"}, ...]: of
who is logged in the role ("-": none; "": nobody is logged in), the office interface's URL, the file of its token.
stdout: [{"status", "headers", "text"}, ...].
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import httpx
from airflow import plugins_manager
from airflow.api_fastapi.app import init_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.core_api.security import get_user
from airflow.utils.db import initdb


async def answer(client: httpx.AsyncClient, app: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """One page."""
    os.environ["YIZHAN_OFFICE_URL"] = asked["office"]
    os.environ["YIZHAN_OFFICE_TOKEN_FILE"] = asked["token"]
    user = SimpleAuthManagerUser(username="ops", role=asked["role"].strip("-") or None)
    app.dependency_overrides = {get_user: lambda: user} if asked["role"] else {}
    found = await client.get(asked["path"], headers=asked["headers"])
    return {"status": found.status_code, "headers": dict(found.headers), "text": found.text}


async def answers(app: Any, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One after the other."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://airflow.test") as client:
        return [await answer(client, app, one) for one in asked]


def main() -> None:
    """Answer."""
    asked = json.load(sys.stdin)
    initdb()
    init_auth_manager()
    (mounted,) = plugins_manager.get_fastapi_plugins()[0]
    assert mounted["url_prefix"] == "/yizhan"
    print(json.dumps(asyncio.run(answers(mounted["app"], asked))))


if __name__ == "__main__":
    main()

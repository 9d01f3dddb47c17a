"""Collect, the first journey: adapter -> check -> seal -> spool.

journey  the steps in order               `collect`, `Desk`, `Collected`
pouring  the source through the checks    `Task`, `request_for`
worth    what may be sealed at all
"""

from gateway.collect.journey import Collected, Desk, collect
from gateway.collect.pouring import Task, request_for

__all__ = ["Collected", "Desk", "Task", "collect", "request_for"]

"""Collect, the first journey: adapter -> check -> seal -> spool.

journey  the steps in order                     `collect`, `Collected`
nil      the same without a source               `declare`
permit   what a batch needs before it is made    an open year or an order, and somebody who answers for it
sealing  what was poured, signed and put
desk     the rooms it is given                  `Desk`
onward   where an increment starts and ends     `From`
pouring  the source through the checks          `Task`, `request_for`
worth    what may be sealed at all
scale    whether its amounts are in the unit of the period before
reconciled  a source's own figures              as a manifest states them
"""

from gateway.collect.desk import Desk
from gateway.collect.journey import Collected, collect
from gateway.collect.nil import declare
from gateway.collect.onward import From
from gateway.collect.pouring import Task, request_for

__all__ = ["Collected", "Desk", "From", "Task", "collect", "declare", "request_for"]

"""The app: a site directory becomes the rooms of a node. Construction only; decisions are a room's or a journey's."""

from gateway.app.clock import Clock, end_of, minute, moment, system_clock
from gateway.app.rooms import CentreNode, FrontEnd, Node, Watch, open_node
from gateway.app.site import CentreFile, FrontEndFile, Site, read_site

__all__ = [
    "CentreFile",
    "CentreNode",
    "Clock",
    "FrontEnd",
    "FrontEndFile",
    "Node",
    "Site",
    "Watch",
    "end_of",
    "minute",
    "moment",
    "open_node",
    "read_site",
    "system_clock",
]

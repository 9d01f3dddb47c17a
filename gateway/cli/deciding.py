"""What commands that enter decisions and events share: whose node it is, and which feeds it may name.

Decides nothing.
"""

from __future__ import annotations

from gateway.app import CentreNode, FrontEnd
from gateway.catalogue import Feed
from gateway.waivers import Authority


def authority(here: FrontEnd | CentreNode) -> Authority:
    """The centre's people, or the department's. Raises: UnknownName."""
    if isinstance(here, CentreNode):
        return Authority(party=here.own)
    return Authority(party=here.catalogue.department(here.file.department))


def feed_of(here: FrontEnd | CentreNode, name: str) -> Feed:
    """A feed of this node: any at a centre, the department's own at a front-end. Raises: UnknownName."""
    return here.catalogue.feed(name) if isinstance(here, CentreNode) else here.own_feed(name)

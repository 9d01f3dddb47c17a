"""Archives: what is settled, one plain tar a month, each signed and linked to the one before it; and retention.

Owns `archive/` of a site, its format, and what may be purged when. It must never rewrite an archive, and never let
anything go that is not in a verified archive or whose time has not come. `standalone` imports nothing but Python's
standard library, so this file imports nothing at all.
"""

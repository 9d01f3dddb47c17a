"""Records: semantic field types, exact checks, identifiers, masking, control totals and the record stream.

Pure: no files, no clock, no randomness of its own. It never bends a value: what cannot be taken exactly becomes a
problem row with its reasons, and no text of a problem carries a person's data in clear.

Import from the module that owns the name (`gateway.records.types`, `.check`, `.problems`, `.totals`, `.mask`,
`.stream`): adapters may import `types` alone.
"""

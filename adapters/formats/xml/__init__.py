"""XML files: one element a record, its fields child elements or attributes."""

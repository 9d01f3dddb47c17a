"""Departments, feeds, fields, due rules and routes: strict YAML in, a frozen tree out.

Reads files and nothing else. `read` and `bind` are the house's strict way to any YAML file (the site file uses them
too). What a source needs is known to its adapter alone: `load` takes the adapters' models as an argument.
"""

from gateway.catalogue.bind import bind
from gateway.catalogue.literals import is_reference, read
from gateway.catalogue.load import OwnedSource, Sources, Texts, load, read_texts, sources_of, texts_of
from gateway.catalogue.schema import schema
from gateway.catalogue.tree import (
    Catalogue,
    Centre,
    Department,
    Duty,
    Feed,
    Field,
    Level,
    Limits,
    Mode,
    Operation,
    Person,
    Review,
    Subscriber,
)
from gateway.catalogue.yaml import Located, Place, overlay

__all__ = [
    "Catalogue",
    "Centre",
    "Department",
    "Duty",
    "Feed",
    "Field",
    "Level",
    "Limits",
    "Located",
    "Mode",
    "Operation",
    "OwnedSource",
    "Person",
    "Place",
    "Review",
    "Sources",
    "Subscriber",
    "Texts",
    "bind",
    "is_reference",
    "load",
    "overlay",
    "read",
    "read_texts",
    "schema",
    "sources_of",
    "texts_of",
]

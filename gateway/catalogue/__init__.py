"""Departments, feeds, fields, due rules and routes: strict YAML in, a frozen tree out.

Reads files and nothing else. `read` and `bind` are the house's strict way to any YAML file (the site file uses them
too). What a source needs is known to its adapter alone: `load` takes the adapters' models as an argument.
"""

from gateway.catalogue.bind import bind
from gateway.catalogue.literals import read
from gateway.catalogue.load import load
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
from gateway.catalogue.yaml import Located, Place

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
    "Person",
    "Place",
    "Review",
    "Subscriber",
    "bind",
    "load",
    "read",
    "schema",
]

"""Departments, feeds, fields, due rules and routes: strict YAML in, a frozen tree out.

Reads files and nothing else. `read` and `bind` are the house's strict way to any YAML file (the site file uses them
too). What a source needs is known to its adapter alone: `load` takes the adapters' models as an argument.
"""

from gateway.catalogue.bind import bind
from gateway.catalogue.literals import read
from gateway.catalogue.load import load
from gateway.catalogue.schema import schema
from gateway.catalogue.tree import Catalogue, Centre, Department, Feed, Field, Level, Limits, Mode
from gateway.catalogue.yaml import Located, Place

__all__ = [
    "Catalogue",
    "Centre",
    "Department",
    "Feed",
    "Field",
    "Level",
    "Limits",
    "Located",
    "Mode",
    "Place",
    "bind",
    "load",
    "read",
    "schema",
]

"""Adapters: one package a kind of source, plus the contract they all keep and the registry that finds them.

An adapter knows `adapters.contract`, the field types and the errors, and nothing else; no adapter imports another.
"""

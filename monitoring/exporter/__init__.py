"""The exporter: what this node knows, in Prometheus' own words, read anew at each scrape.

metrics       every name, its help, its labels                             `TABLE`, `BY_NAME`
board, ledger, presence, spool, certificates, disk                         one collector each, see `source`
verification  the whole ledger checked in the background
exporter      the collectors side by side, and which of them answered      `Exporter`
exposition    the text format
listening, serving                                                         `/metrics`, here or over mutual TLS
running       all of it together                                           `run`, `exporter_of`

It reads the ledger, the warehouse, the spool, the certificates and the disk, and must never write to any of them.
"""

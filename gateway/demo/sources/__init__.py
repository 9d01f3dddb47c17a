"""Departments' systems for the demonstration: real servers on loopback, filled with generated data.

    python -m gateway.demo.sources.generate onecard --start 2026-10-01 --end 2026-11-01 --rows 12000 --out ROSTER.txt
    python -m gateway.demo.sources.generate vouchers --start 2026-07-01 --end 2026-10-01 --rows 3000 --out AGRI.db
    python -m gateway.demo.sources.sftp --root DIR --host-key FILE --user U --password-env NAME
    python -m gateway.demo.sources.soap --rows 5000 --user U --password-env NAME

A server prints one JSON line with its port when it is ready, and stops on SIGTERM. All people, accounts and amounts are
made up by a seeded generator: the same arguments give the same bytes.
"""

"""Backups: one consistent image of a node that goes on working, and its restoration on an empty machine.

Owns the form of a backup: `backup.json` (what it holds, each file with its SHA-256), `site/` (the site directory but
for its database, unfinished uploads and private keys), the database, `inbox/` (the payloads of a centre whose receivers
share a folder), and `keys.sealed` where keys were asked for. It must never write a private key or a password in clear,
and never restore over anything.
"""

from gateway.backup.contents import Contents
from gateway.backup.database import Programs
from gateway.backup.restoring import open_backup, restore_database, restore_files
from gateway.backup.taking import Taken, take

__all__ = ["Contents", "Programs", "Taken", "open_backup", "restore_database", "restore_files", "take"]

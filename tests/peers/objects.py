"""A server that speaks S3's protocol (moto's), on a loopback port; ended by its pid. It keeps everything in memory.

It is a stand-in: it answers as the protocol says and proves nothing about a real object store's durability.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3

from gateway.inbox.objects import Service
from tests.peers.daemons import Daemon, free_port

KEY, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI-not-a-real-one", "cn-north-1"


@dataclass(frozen=True, kw_only=True)
class ObjectStore:
    """A running server."""

    port: int
    daemon: Daemon

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def service(self, url: str | None = None) -> Service:
        """How our side reaches it, or something in between."""
        return Service(endpoint_url=url or self.url, region=REGION, key=KEY, secret=SECRET, seconds=2, attempts=2)

    def create_bucket(self, name: str) -> None:
        place = {"LocationConstraint": REGION}
        self._client().create_bucket(Bucket=name, CreateBucketConfiguration=place)

    def names(self, bucket: str) -> list[str]:
        """All objects, as somebody else's client lists them."""
        found = self._client().list_objects_v2(Bucket=bucket)
        return [one["Key"] for one in found.get("Contents", ())]

    def remove(self, bucket: str, name: str) -> None:
        self._client().delete_object(Bucket=bucket, Key=name)

    def _client(self) -> object:
        return boto3.client(
            "s3", endpoint_url=self.url, region_name=REGION, aws_access_key_id=KEY, aws_secret_access_key=SECRET
        )


@contextmanager
def object_store() -> Iterator[ObjectStore]:
    """Run it until the end of the `with`."""
    with TemporaryDirectory() as logs:
        port = free_port()
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        # `dict`: as ourselves, for the interpreter is ours
        daemon = Daemon(command=command, port=port, log=Path(logs, "log"), ending=signal.SIGKILL, account=dict)
        try:
            daemon.start()
            yield ObjectStore(port=port, daemon=daemon)
        finally:
            daemon.stop()

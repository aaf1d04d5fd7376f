"""An object store at 127.0.0.1 for tests: the S3 API of moto, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# Ends with its standard input, so with these tests however they end.
SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""
KEYS = {
    "AWS_ACCESS_KEY_ID": "made-up",
    "AWS_SECRET_ACCESS_KEY": "made-up",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ALLOW_HTTP": "true",  # Polars asks for it
}


class Store:
    """An S3 API with one bucket. ``client`` asks it without pyarrow."""

    def __init__(self, port: str) -> None:
        self.environment = KEYS | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
        self.client: Any = None

    def unfinished(self) -> list[Any]:
        """The uploads in parts that were begun and not ended."""
        return list(self.client.list_multipart_uploads(Bucket="archive").get("Uploads", []))


@contextmanager
def object_store() -> Iterator[Store]:
    """A store with the bucket ``archive``, of which this process and its children know by their environment."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SERVER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdout, pytest.MonkeyPatch.context() as patch:
        made = Store(process.stdout.readline().strip())
        for name, value in made.environment.items():
            patch.setenv(name, value)
        made.client = boto3.client("s3")
        made.client.create_bucket(Bucket="archive")
        yield made
        made.client.close()
        process.stdin.close()
        process.wait(30)

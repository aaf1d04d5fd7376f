"""Rows of many files brought into one order in little memory: put into buckets of neighbouring ranks on disk, each bucket
sorted when its turn comes. What fits into one bucket never touches the disk."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BUCKETS = 200  # each is an open file


class Spool:
    """Record batches with a column ``rank`` (int64, 0 … ranks - 1), given back as tables in order of it."""

    def __init__(self, schema: pa.Schema, ranks: int, bucket_rows: int = 10_000) -> None:
        self.schema = schema
        self._rows = max(bucket_rows, -(-ranks // MOST_BUCKETS), 1)
        self._many = -(-ranks // self._rows)
        self._held: list[pa.RecordBatch] = []
        self._writers: dict[int, Any] = {}
        self._stack, self._open = ExitStack(), ExitStack()
        self._folder = ""
        if self._many > 1:
            self._folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="govcrawl-"))

    def close(self) -> None:
        """Remove what lies on disk."""
        self._open.close()
        self._stack.close()

    def add(self, batch: pa.RecordBatch) -> None:
        if self._many <= 1:
            self._held.append(batch)
            return
        buckets = batch["rank"].to_numpy() // self._rows
        for number in np.unique(buckets):
            self._writer(int(number)).write_batch(batch.take(pa.array(np.flatnonzero(buckets == number))))

    def _writer(self, number: int) -> Any:
        if number not in self._writers:
            file = self._open.enter_context(pa.OSFile(self._name(number), "wb"))
            self._writers[number] = self._open.enter_context(pa.ipc.new_stream(file, self.schema))
        return self._writers[number]

    def _name(self, number: int) -> str:
        return f"{self._folder}/{number}.arrows"

    def tables(self) -> Iterator[pa.Table]:
        """The rows, bucket by bucket. Nothing may be added afterwards."""
        if self._many <= 1:
            yield pa.Table.from_batches(self._held, schema=self.schema).sort_by("rank")
            return
        self._open.close()
        for number in sorted(self._writers):
            with pa.OSFile(self._name(number)) as file, pa.ipc.open_stream(file) as stream:
                yield stream.read_all().sort_by("rank")

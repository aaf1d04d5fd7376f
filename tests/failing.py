"""A stage that fails, for tests of what a failure leaves behind."""

from __future__ import annotations

from typing import Any


class FailingPipeline:
    def process_item(self, item: Any) -> Any:
        msg = "planned"
        raise RuntimeError(msg)

"""Stand-ins for parts of Jupyter Server, for the tests of other packages."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from tornado.web import HTTPError

START = datetime(1970, 1, 1, tzinfo=timezone.utc)


class FakeFileIDManager:
    """File ids from a dictionary."""

    def __init__(self, mapping: dict[str, str]) -> None:
        self.mapping = mapping

    def get_path(self, id: str) -> str:
        return self.mapping[id]

    def move(self, id: str, new_path: str) -> None:
        self.mapping[id] = new_path


class FakeContentsManager:
    """One file in memory, whatever its path; counts what is done with it in `actions`."""

    def __init__(self, model: dict[str, Any]) -> None:
        empty = dict.fromkeys(("content", "format", "mimetype"))
        named = {"name": "", "path": "", "size": 0, "writable": False, "hash": "fake_hash"}
        self.model = {**empty, **named, "created": START, "last_modified": START, **model}
        self.actions: list[str] = []

    def get(
        self,
        path: str,
        content: bool = True,
        format: str | None = None,
        type: str | None = None,
        require_hash: bool | None = None,
    ) -> dict[str, Any]:
        if not self.model:
            raise HTTPError(404, f"File not found: {path}")
        self.actions.append("get")
        return self.model

    def save(self, model: dict[str, Any], path: str) -> dict[str, Any]:
        self.actions.append("save")
        return self.model

    def save_content(self, model: dict[str, Any], path: str) -> dict[str, Any]:
        self.actions.append("save_content")
        return self.model


class FakeEventLogger:
    """Prints events."""

    def emit(self, schema_id: str, data: dict[str, Any]) -> None:
        print(schema_id, data)

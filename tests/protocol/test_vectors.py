"""The messages that both languages must read: the front end's tests read the same file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Text

from jupyter_collaboration.protocol import messages
from jupyter_collaboration.protocol.messages import ClientState, Request

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "messages.json").read_text())
STEPS = {"sync1": messages.STEP1, "sync2": messages.STEP2, "update": messages.UPDATE}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_message_of_the_front_end_is_read_and_written(vector: dict[str, Any]) -> None:  # [C1]
    message = bytes.fromhex(vector["hex"])
    kind = vector["kind"]
    if kind in STEPS:
        payload = bytes.fromhex(vector.get("stateVector") or vector["update"])
        assert messages.read_sync(message) == (STEPS[kind], payload)
        assert messages.sync_message(STEPS[kind], payload) == message
        if "text" in vector:
            doc: Doc[Any] = Doc()
            doc.apply_update(payload)
            assert str(doc.get("source", type=Text)) == vector["text"]
    elif kind == "awareness":
        states = [
            (entry.client_id, entry.clock, json.loads(entry.state))
            for entry in messages.read_awareness(message)
        ]
        expected = [(each["clientId"], each["clock"], each["state"]) for each in vector["states"]]
        assert states == expected
        again = [
            ClientState(client, clock, compact(state).encode()) for client, clock, state in states
        ]
        assert messages.awareness_message(again) == message
    elif kind == "reply":
        content, end = messages.read_bytes(message, 1)
        assert json.loads(content) == vector["reply"]
        assert (message[0], end) == (messages.RAW, len(message))
    else:
        assert messages.read_request(message) == Request(kind, vector["id"])


def compact(state: Any) -> str:
    return json.dumps(state, separators=(",", ":"), ensure_ascii=False)

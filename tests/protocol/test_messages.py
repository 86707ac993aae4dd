"""The bytes of messages, read and written."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_collaboration.errors import ProtocolError
from jupyter_collaboration.protocol import messages
from jupyter_collaboration.protocol.messages import ClientState, Request


@given(st.integers(0, 2**64 - 1))
def test_a_number_comes_back_as_it_was(number: int) -> None:
    data = messages.write_varuint(number)
    assert messages.read_varuint(b"x" + data + b"y", 1) == (number, 1 + len(data))


def test_a_number_without_an_end_is_refused_after_ten_bytes() -> None:  # [M4]
    with pytest.raises(ProtocolError):
        messages.read_varuint(b"\xff" * 300_000, 0)


@given(st.binary(max_size=30))
def test_random_bytes_are_read_or_refused(data: bytes) -> None:  # [M4]
    for read in (
        messages.read_sync,
        lambda message: list(messages.read_awareness(message)),
        messages.read_request,
    ):
        with contextlib.suppress(ProtocolError):
            read(b"\x00" + data)


@given(st.integers(0, 2), st.binary())
def test_a_sync_message_comes_back_as_it_was(step: int, payload: bytes) -> None:
    assert messages.read_sync(messages.sync_message(step, payload)) == (step, payload)


def test_presence_in_any_script_comes_back_as_it_was() -> None:
    states = [
        ClientState(2**53 - 1, 7, json.dumps({"name": "Zoë 😀 שלום e\u0301"}).encode()),
        ClientState(5, 0, b"null"),
    ]
    assert list(messages.read_awareness(messages.awareness_message(states))) == states


def test_a_reply_repeats_the_name_and_the_id_of_its_request() -> None:  # [C1]
    message = messages.reply(Request("save", 7), status="failed", reason="Größe überschritten")
    content, _ = messages.read_bytes(message, 1)
    assert message[0] == messages.RAW
    assert json.loads(content) == {
        "type": "save",
        "responseTo": 7,
        "status": "failed",
        "reason": "Größe überschritten",
    }


@given(st.text(max_size=300))
def test_a_session_reason_fits_a_close_frame_and_stays_json(error: str) -> None:
    reason = messages.session_reason("initialization_error", None, reloadable=False, error=error)
    assert len(reason.encode()) <= messages.MAX_REASON_BYTES
    assert json.loads(reason)["reason"] == "initialization_error"


@given(st.text(max_size=300))
def test_a_cut_reason_fits_a_close_frame(reason: str) -> None:
    cut = messages.cut_reason(reason)
    assert len(cut.encode()) <= messages.MAX_REASON_BYTES
    assert reason.startswith(cut)

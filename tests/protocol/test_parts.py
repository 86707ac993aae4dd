"""Messages that arrive in parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_collaboration.errors import ProtocolError
from jupyter_collaboration.protocol import messages
from jupyter_collaboration.protocol.messages import write_varuint
from jupyter_collaboration.protocol.parts import Part, Parts, read_part


def cut(whole: bytes, length: int) -> list[Part]:
    """The parts of a message."""
    return [Part(len(whole), at, whole[at : at + length]) for at in range(0, len(whole), length)]


@given(st.lists(st.binary(min_size=1, max_size=50), min_size=1), st.integers(1, 20))
def test_messages_come_back_as_they_were(wholes: list[bytes], length: int) -> None:  # [M4]
    parts = Parts()
    for whole in wholes:
        *first, last = [parts.add(part, 50) for part in cut(whole, length)]
        assert first == [None] * len(first)
        assert last == whole


def test_a_part_is_read() -> None:
    message = bytes((messages.PART,)) + write_varuint(500) + write_varuint(300) + b"abc"
    assert message.hex() == "64f403ac02616263"  # the same bytes as in protocol.spec.ts
    assert read_part(message) == Part(500, 300, b"abc")
    with pytest.raises(ProtocolError):
        read_part(message[:2])


@pytest.mark.parametrize(
    "strange",
    [
        Part(10, 0, b"abcd"),  # the first one again
        Part(10, 3, b"d"),
        Part(10, 5, b"d"),
        Part(11, 4, b"efghijk"),
        Part(10, 4, b"efghijk"),
        Part(10, 4, b""),
    ],
)
def test_a_part_that_is_not_the_next_one_is_refused(strange: Part) -> None:  # [M4]
    parts = Parts()
    assert parts.add(Part(10, 0, b"abcd"), 10) is None
    with pytest.raises(ProtocolError):
        parts.add(strange, 10)


@pytest.mark.parametrize("part", [Part(3, 1, b"b"), Part(0, 0, b""), Part(0, 0, b"a")])
def test_a_part_that_cannot_be_the_first_one_is_refused(part: Part) -> None:  # [M4]
    with pytest.raises(ProtocolError):
        Parts().add(part, 10)


def test_a_message_that_is_too_large_is_refused_before_it_is_collected() -> None:  # [M4]
    with pytest.raises(ProtocolError, match="11 bytes"):
        Parts().add(Part(11, 0, b"a"), 10)


def test_the_next_message_begins_after_one_that_was_given_up() -> None:
    parts = Parts()
    parts.add(Part(10, 0, b"abc"), 10)
    parts.clear()
    assert parts.add(Part(2, 0, b"de"), 10) == b"de"

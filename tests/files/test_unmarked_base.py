"""The merge base of a history that does not say what was saved. [H6] [F4]"""

from __future__ import annotations

import pytest
from pycrdt import Doc, Text

from jupyter_collaboration.documents.codec import content_of, file_fingerprint
from jupyter_collaboration.files.unmarked_base import MAX_STATES, seconds_of, unmarked_base

WORDS = ["one\n", "two\n", "three\n"]
TIMES = [100.0, 200.0, 300.0]


def entries_of(*words: str, times: list[float]) -> list[tuple[bytes, float]]:
    doc: Doc[object] = Doc()
    text = doc.get("source", type=Text)
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(event.update))
    for word in words:
        text += word
    doc.unobserve(subscription)
    return list(zip(updates, times, strict=True))


def base_of(entries: list[tuple[bytes, float]], modified: float | None, file: str) -> str:
    on_disk = file_fingerprint("file", file)
    return str(content_of("file", unmarked_base("file", entries, modified, on_disk)))


@pytest.mark.parametrize(
    ("modified", "file", "wanted"),
    [
        (301.0, "one\ntwo\nthree\n", "one\ntwo\nthree\n"),
        (201.0, "one\ntwo\n", "one\ntwo\n"),  # the server ended before it saved the rest
        (301.0, "one\ntwo\n", "one\ntwo\n"),  # while it was typed, the rest was being saved
        (900.0, "one\ntwo\n", "one\ntwo\nthree\n"),  # another program took the rest away later
        (900.0, "other\n", "one\ntwo\nthree\n"),
        (250.0, "other\n", "one\ntwo\n"),  # nobody had typed the rest
        (50.0, "one\n", "one\n"),  # a copy that kept the time of an older file
        (50.0, "other\n", "one\ntwo\nthree\n"),
        (None, "one\ntwo\n", "one\ntwo\n"),
        (None, "other\n", "one\ntwo\nthree\n"),
    ],
)
def test_the_base_is_what_the_file_was_written_from(
    modified: float | None, file: str, wanted: str
) -> None:
    assert base_of(entries_of(*WORDS, times=TIMES), modified, file) == wanted


def test_times_that_go_back_count_as_those_before() -> None:
    entries = entries_of(*WORDS, times=[100.0, 300.0, 200.0])
    assert base_of(entries, 250.0, "other\n") == "one\n"


def test_only_so_many_states_are_compared() -> None:
    count = MAX_STATES + 10
    entries = entries_of(*("x" * count), times=[float(at) for at in range(count)])
    assert base_of(entries, None, "x" * 11) == "x" * 11
    assert base_of(entries, None, "x" * 10) == "x" * count


def test_dates_of_files() -> None:
    assert seconds_of("1970-01-01T00:01:40+00:00") == seconds_of("1970-01-01T00:01:40Z") == 100
    assert seconds_of("") is None and seconds_of("yesterday") is None

"""JSON is written exactly as by the standard library. [F7]"""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from jupyter_collaboration.files.json_text import RUN, JsonWriter

STRINGS = ["", "a", "é😀", '"\\/\b\n\r\t\x00\x7f\u2028', "\ud800", "line\n", "0"]
NUMBERS = [0, -1, 10**30, 1.5, -0.0, 1e300, 1e-9, float("nan"), float("inf"), True, False, None]


class Line(str):
    """A string of a class of its own, as some libraries make them."""


def some_value(chance: random.Random, depth: int) -> Any:
    kind = chance.choice(["string", "number"] + ["list", "dict"] * bool(depth))
    if kind == "string":
        return chance.choice([str, str, Line])(chance.choice(STRINGS))
    if kind == "number":
        return chance.choice(NUMBERS)
    size = chance.choice([0, 1, 2, 3, RUN - 1, RUN, RUN + 1, 2 * RUN])
    if kind == "list":
        deeper = depth - 1 if size < RUN else 0
        found = [some_value(chance, deeper) for _ in range(size)]
        return tuple(found) if chance.random() < 0.1 else found
    keys = chance.choice([STRINGS, STRINGS, [1, 2.5], [True, None]])
    names = chance.sample(keys, min(size, len(keys)))
    return {name: some_value(chance, depth - 1) for name in names}


def encoder_of(indent: str | None, is_ascii: bool, sort_keys: bool) -> json.JSONEncoder:
    separators = (",", ": ") if indent is not None else (", ", ": ")
    return json.JSONEncoder(
        indent=indent, ensure_ascii=is_ascii, separators=separators, sort_keys=sort_keys
    )


@pytest.mark.parametrize("indent", [None, "", " ", "    ", "\t"])
@pytest.mark.parametrize("is_ascii", [False, True])
@pytest.mark.parametrize("sort_keys", [False, True])
def test_text_is_the_one_of_the_standard_library(
    indent: str | None, is_ascii: bool, sort_keys: bool
) -> None:
    writer = JsonWriter(indent, is_ascii=is_ascii, sort_keys=sort_keys)
    encoder = encoder_of(indent, is_ascii, sort_keys)
    for seed in range(300):
        value = some_value(random.Random(seed), 3)
        try:
            expected = encoder.encode(value)
        except TypeError:  # None cannot be sorted among the keys
            with pytest.raises(TypeError):
                writer.text(value)
            continue
        assert writer.text(value) == expected, seed
        assert writer.is_text_of(value, expected), seed
        assert not writer.is_text_of(value, expected + " "), seed
        assert not writer.is_text_of(value, expected[:-1]), seed


@pytest.mark.parametrize("value", [{1}, [object()], {"a": [b""]}, {(1, 2): 3}, [{"a": {2: {3}}}]])
def test_what_is_not_json_is_an_error(value: Any) -> None:
    for indent in (None, " "):
        with pytest.raises(TypeError):
            JsonWriter(indent, is_ascii=False).text(value)

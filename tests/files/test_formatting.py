"""An edit of one line changes one line of the file."""

from __future__ import annotations

import copy
import difflib
import json
from typing import Any

import nbformat
import pytest

from jupyter_collaboration.documents.codec import file_fingerprint, loaded_update, rendered
from jupyter_collaboration.files.formatting import JsonStyle, LineEndings

NOTEBOOK: dict[str, Any] = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"zoom": 1.0, "kernelspec": {"name": "python3", "display_name": "Python 3"}},
    "cells": [
        {
            "cell_type": "code",
            "id": "a",
            "source": ["first\n", "é"],
            "metadata": {"scale": 2.0},
            "execution_count": None,
            "outputs": [],
        },
        {"cell_type": "markdown", "id": "b", "source": "in one piece", "metadata": {}},
    ],
}


def changed_lines(old: str, new: str) -> int:
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
    return sum(line.startswith("+") and not line.startswith("+++") for line in lines)


def as_in_document(text: str) -> Any:
    """What a document makes of a file: numbers lose their point."""

    def number(value: str) -> float | int:
        return int(float(value)) if float(value).is_integer() else float(value)

    content = json.loads(text, parse_float=number)
    for cell in content["cells"]:
        cell["source"] = "".join(cell["source"])
    return content


@pytest.mark.parametrize("indent", [2, 4, "\t", None])
@pytest.mark.parametrize("is_ascii", [True, False])
@pytest.mark.parametrize("end", ["\n", ""])
def test_a_notebook_is_written_as_it_was(
    indent: int | str | None, is_ascii: bool, end: str
) -> None:
    # [F7]
    text = json.dumps(NOTEBOOK, indent=indent, ensure_ascii=is_ascii) + end
    style = JsonStyle(text)
    content = as_in_document(text)
    assert style.text_of(copy.deepcopy(content)) == text
    content["cells"][1]["source"] += "!"
    edited = style.text_of(content)
    assert edited is not None
    assert changed_lines(text, edited) == 1


def test_jupyters_own_way_of_writing_is_left_to_jupyter() -> None:  # [F7]
    text = nbformat.writes(nbformat.from_dict(NOTEBOOK)) + "\n"
    style = JsonStyle(text)
    content = as_in_document(text)
    assert style.text_of(content) is None
    with_numbers = style.restored(content)
    assert nbformat.writes(nbformat.from_dict(with_numbers)) + "\n" == text


def test_mixed_line_endings_stay_where_lines_stay() -> None:  # [F7]
    lines = LineEndings("a\r\nb\nc\rd\r\n")
    assert lines.restored("a\nnew\nb\nc\nd\n") == "a\r\nnew\r\nb\nc\rd\r\n"


def test_streams_stay_in_the_pieces_in_which_they_were_written() -> None:  # S25 [F7]
    pieces = [
        {"output_type": "stream", "name": "stdout", "text": [f"tick {number}\n"]}
        for number in range(3)
    ]
    error = {"output_type": "stream", "name": "stderr", "text": ["oh\n"]}
    notebook = copy.deepcopy(NOTEBOOK)
    notebook["cells"][0]["outputs"] = [*pieces, error]
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    content = rendered("notebook", loaded_update("notebook", json.loads(text)))
    outputs = content["cells"][0]["outputs"]
    assert [each["text"] for each in outputs] == ["tick 0\ntick 1\ntick 2\n", "oh\n"]
    style = JsonStyle(text)
    restored = style.restored(content)
    assert [each["text"] for each in restored["cells"][0]["outputs"]] == [
        "tick 0\n",
        "tick 1\n",
        "tick 2\n",
        "oh\n",
    ]
    outputs[1]["text"] += "no\n"
    assert len(style.restored(content)["cells"][0]["outputs"]) == 4
    outputs[0]["text"] += "tick 3\n"
    assert style.restored(content)["cells"][0]["outputs"] == outputs
    assert file_fingerprint("notebook", content) != file_fingerprint("notebook", notebook)

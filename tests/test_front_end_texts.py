"""Texts and styles of the front end work in all languages, and are in American English."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "packages").glob("*/src/**/*.ts*"))
STYLES = sorted((ROOT / "packages").glob("*/style/**/*.css"))
PROSE = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])

LITERAL = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`"
MESSAGE = re.compile(rf"\b(?:__|_n|_p)\(\s*((?:{LITERAL})(?:\s*[+,]\s*(?:{LITERAL}))*)")
PIECES = re.compile(rf"(?:{LITERAL})(?:\s*\+\s*(?:{LITERAL}))*")
JOINED = re.compile(r"\+\s*[\w.]*\b(?:__|_n|_p)\(|\b(?:__|_n|_p)\([^()]*\)\s*\+")

PHYSICAL = re.compile(
    r"(?:margin|padding|border)-(?:left|right)|(?<![-\w])(?:left|right|float)\s*:"
    r"|text-align:\s*(?:left|right)"
)
GEOMETRY = {"cursors.css"}
"""Styles of what is placed by the position of text in an editor, which is physical."""

BRITISH = re.compile(
    r"\b(?:behaviour|centre|colour|catalogue|favourite|grey|honour|labelled|licence|modelling"
    r"|neighbour|whilst|(?:organ|recogn|initial|synchron|normal|serial|visual|real|author|custom)is"
    r"(?:e|ed|es|ing|ation))\w*",
    re.IGNORECASE,
)


def found(path: Path, pattern: re.Pattern[str]) -> list[str]:
    lines = enumerate(path.read_text().splitlines(), 1)
    return [f"{path.name}:{number} {line}" for number, line in lines if pattern.search(line)]


def messages(path: Path) -> list[str]:
    """The messages of a source; one that is written in several pieces as a whole."""
    texts = []
    for match in MESSAGE.finditer(path.read_text()):
        for message in PIECES.findall(match[1]):
            texts.append("".join(each[1:-1] for each in re.findall(LITERAL, message)))
    return texts


def test_there_are_messages_and_styles() -> None:
    assert sum(len(messages(path)) for path in SOURCES) > 300
    assert len(STYLES) > 5


@pytest.mark.parametrize(
    "text", ["__('a ') + name", "name + trans.__('a')", "'x' + this._t._n('a')"]
)
def test_joined_messages_are_recognized(text: str) -> None:
    assert JOINED.search(text)


def test_a_message_is_whole() -> None:  # [P15]
    """It is neither a piece of a sentence that code puts together, nor has code in it."""
    problems = []
    for path in SOURCES:
        problems += [f"{path.name}: {each!r}" for each in messages(path) if each != each.strip()]
        problems += [f"{path.name}: {each!r}" for each in messages(path) if "${" in each]
        problems += [f"{path.name}: {each[0]}" for each in JOINED.finditer(path.read_text())]
    assert problems == []


def test_styles_follow_the_direction_of_the_language() -> None:  # [P15]
    assert [x for path in STYLES if path.name not in GEOMETRY for x in found(path, PHYSICAL)] == []


def test_texts_are_in_american_english() -> None:  # [P15]
    paths = [path for path in [*SOURCES, *PROSE] if path.name != "CHANGELOG.md"]
    assert [line for path in paths for line in found(path, BRITISH)] == []

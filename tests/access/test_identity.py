"""Presence says what the server knows of somebody."""

from __future__ import annotations

from typing import Any

import pytest
from jupyter_server.auth.identity import User

from jupyter_collaboration.access.identity import COLORS, color_of, is_anonymous, presence_of

ADA = User("ada", "Ada Lovelace", "Ada", "AL", "https://example.org/ada.png", "#123456")
GUEST = User("0123456789abcdef0123456789abcdef", "Anonymous Io", "Anonymous Io", "AI", None, None)


def test_nothing_that_somebody_claims_of_themselves_counts() -> None:  # [M3]
    claimed = {"username": "root", "name": "Root", "display_name": "Root", "color": "red"}
    found = presence_of(ADA, {**claimed, "initials": "R", "avatar_url": "https://x", "more": 1})
    assert found == {
        "username": "ada",
        "name": "Ada Lovelace",
        "display_name": "Ada",
        "initials": "AL",
        "avatar_url": "https://example.org/ada.png",
        "color": "#123456",
    }


@pytest.mark.parametrize("claimed", [None, 1, [], {}, {"display_name": 3}, {"display_name": " "}])
def test_who_has_no_name_keeps_the_one_that_they_were_given(claimed: Any) -> None:  # [M3]
    found = presence_of(GUEST, claimed)
    assert (found["display_name"], found["anonymous"]) == ("Anonymous Io", True)


def test_who_has_no_name_may_choose_one_and_is_marked() -> None:  # [M3]
    found = presence_of(GUEST, {"display_name": "  Grace\n Hopper ", "username": "ada"})
    assert (found["display_name"], found["initials"]) == ("Grace Hopper", "GH")
    assert found["anonymous"] is True
    assert found["username"] == GUEST.username
    assert presence_of(GUEST, {"display_name": "x" * 51})["display_name"] == "Anonymous Io"


def test_only_a_made_up_name_is_anonymous() -> None:
    assert is_anonymous(GUEST)
    assert not is_anonymous(ADA)
    assert not is_anonymous(User("anonymous", display_name="Anonymous Io"))


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a/b.png", True),
        ("data:image/png;base64,AA", True),
        ("/files/me.png", True),
        ("http://a/b.png", False),
        ("//a/b.png", False),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("", False),
    ],
)
def test_pictures_come_from_safe_places(url: str, kept: bool) -> None:
    found = presence_of(User("ada", avatar_url=url))
    assert found["avatar_url"] == (url if kept else None)


def luminance(color: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_colors_are_stable_and_can_be_read_on_both_themes() -> None:  # [M3]
    assert color_of("ada") == color_of("ada") in COLORS
    # As the front end computes it: userColor.spec.ts has the same.
    assert [color_of(name) for name in ("grace", "Zoë 🦊")] == ["#557e1b", "#b831d3"]
    assert len({color_of(f"user {number}") for number in range(200)}) == len(COLORS)
    for color in COLORS:
        assert contrast(color, "#ffffff") >= 4.5  # white text on it, and it on a white page
        assert contrast(color, "#111111") >= 3  # a caret, or a ring, on a dark page

"""The identity of users that is shown to others: only what the server authenticated. [M3]

Pure: based on Jupyter Server's `User`. Sockets and rooms belong to others.
"""

from __future__ import annotations

import re
from typing import Any

from jupyter_server.auth.identity import User

COLORS = (
    "#d43535",
    "#ad5d25",
    "#8b6f1d",
    "#557e1b",
    "#1c823e",
    "#1b7e65",
    "#1e7c8f",
    "#2975c2",
    "#5b66dc",
    "#8b52da",
    "#b831d3",
    "#ce2c8a",
)
"""User colors. White text on each of them, and each on black or white, is readable (WCAG AA)."""

LONGEST_NAME = 50

_ANONYMOUS = re.compile(r"Anonymous \S+")
_GENERATED = re.compile(r"[0-9a-f]{32}")
_AVATAR = re.compile(r"https://|data:image/|/(?!/)")


def presence_of(user: User, claimed: Any = None) -> dict[str, Any]:
    """Return the ``user`` of a presence state.

    Args:
        user: the authenticated user.
        claimed: the ``user`` that the client sent. Only its display name is used, and only for
            anonymous users, who are marked as such.
    """
    found: dict[str, Any] = {
        "username": user.username,
        "name": user.name or user.username,
        "display_name": user.display_name or user.name or user.username,
        "initials": user.initials or initials_of(user.display_name or user.username),
        "avatar_url": safe_avatar(user.avatar_url),
        "color": user.color or color_of(user.username),
    }
    if is_anonymous(user):
        found["anonymous"] = True
        name = claimed.get("display_name") if isinstance(claimed, dict) else None
        if isinstance(name, str) and 0 < len(name := " ".join(name.split())) <= LONGEST_NAME:
            found |= {"name": name, "display_name": name, "initials": initials_of(name)}
    return found


def is_anonymous(user: User) -> bool:
    """Return whether the server generated this user's name."""
    return bool(
        _GENERATED.fullmatch(user.username) and _ANONYMOUS.fullmatch(user.display_name or "")
    )


def initials_of(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2]).upper()


def color_of(username: str) -> str:
    """Return the color of a user, which is the same on every server and in every document.

    Clients compute it as well, for users who are not present: the 32-bit FNV-1a hash of the UTF-8
    name (http://www.isthe.com/chongo/tech/comp/fnv/), with its first byte folded into the last
    one, selects one of `COLORS`.
    """
    hashed = 0x811C9DC5
    for byte in username.encode(errors="replace"):
        hashed = (hashed ^ byte) * 0x01000193 % 2**32
    return COLORS[(hashed >> 24 ^ hashed) % len(COLORS)]


def safe_avatar(url: str | None) -> str | None:
    """Return the URL of an avatar, unless it would be loaded without encryption."""
    return url if url and _AVATAR.match(url) else None

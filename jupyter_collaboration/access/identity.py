"""Who somebody is, as everybody else is told: what the server authenticated, nothing else. [M3]

Pure: knows Jupyter Server's `User`; knows nothing of sockets and rooms.
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
"""White text on each, and each on a white or black page, can be read (WCAG AA)."""

LONGEST_NAME = 50

_ANONYMOUS = re.compile(r"Anonymous \S+")
_GENERATED = re.compile(r"[0-9a-f]{32}")
_AVATAR = re.compile(r"https://|data:image/|/(?!/)")


def presence_of(user: User, claimed: Any = None) -> dict[str, Any]:
    """The ``user`` of somebody's presence.

    Args:
        user: as the server authenticated them.
        claimed: what they say of themselves. Somebody without a name of their own may choose
            one to be shown, and is marked: nothing else of it counts.
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
    """Whether the server made up this user's name."""
    return bool(
        _GENERATED.fullmatch(user.username) and _ANONYMOUS.fullmatch(user.display_name or "")
    )


def initials_of(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2]).upper()


def color_of(username: str) -> str:
    """The colour of a user, the same on every server and in every document.

    Clients compute it as well, for people who are not there: FNV-1a with 32 bits of the name in
    UTF-8 (http://www.isthe.com/chongo/tech/comp/fnv/), its first byte folded into the last one,
    chooses one of `COLORS`.
    """
    hashed = 0x811C9DC5
    for byte in username.encode(errors="replace"):
        hashed = (hashed ^ byte) * 0x01000193 % 2**32
    return COLORS[(hashed >> 24 ^ hashed) % len(COLORS)]


def safe_avatar(url: str | None) -> str | None:
    """The address of a picture, unless it would be loaded without encryption."""
    return url if url and _AVATAR.match(url) else None

"""What the project and its extras need, from pyproject.toml, one requirement a line.

    python scripts/requirements.py dev test | pip install -r /dev/stdin

With --only first, the extras alone. Lets an environment be made for the source tree without
building the package first.
"""

import sys
from pathlib import Path

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10: pip carries the same parser
    from pip._vendor import tomli as tomllib


def main() -> None:
    text = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    extras = sys.argv[1:]
    only = extras[:1] == ["--only"]
    wanted = [] if only else list(project["dependencies"])
    for extra in extras[only:]:
        wanted += project["optional-dependencies"][extra]
    print("\n".join(wanted))


if __name__ == "__main__":
    main()

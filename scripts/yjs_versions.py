"""Run the unit tests of the front end with the lowest and the highest Yjs 13 of JupyterLab 4.6.

    python scripts/yjs_versions.py [TEST ...]

The page has JupyterLab's Yjs, whose version depends on when JupyterLab was built: 4.6.6 has
13.5.49, and an application built from the same packages today has the newest 13.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "yjs"
VERSIONS = ["13.5.40", "13"]
"""The lowest version that JupyterLab 4.6 accepts, and the newest one."""


def install(version: str) -> Path:
    """Install a version of Yjs in a folder of its own."""
    folder = FOLDER / version
    folder.mkdir(parents=True, exist_ok=True)
    # Without it npm would install into the next project above: this one.
    (folder / "package.json").write_text('{"private": true}')
    options = ["--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(["npm", "install", *options, f"yjs@{version}"], check=True, cwd=folder)
    return folder / "node_modules" / "yjs"


def main() -> int:
    code = 0
    for version in VERSIONS:
        print(f"    Yjs {version}", flush=True)
        env = {**os.environ, "YJS": str(install(version))}
        done = subprocess.run(["jlpm", "test", *sys.argv[1:]], cwd=ROOT, env=env)
        code = code or done.returncode
    return code


if __name__ == "__main__":
    sys.exit(main())

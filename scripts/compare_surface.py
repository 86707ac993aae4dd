"""Compare the Python names and traits of the published package with ours. [C1]

    python scripts/compare_surface.py PYTHON_WITH_PUBLISHED PYTHON_WITH_OURS

Fails if a public name or trait of the published package is missing in ours, unless it is listed in
`WITHOUT` with the reason.
"""

import json
import os
import subprocess
import sys
import tempfile

MODULES = [
    "app",
    "handlers",
    "loaders",
    "pytest_plugin",
    "rooms",
    "stores",
    "test_utils",
    "utils",
    "websocketserver",
]

WITHOUT = {
    "handlers.FORK_DOCUMENTS": "forks are kept in the store",
    "handlers.FORK_ROOMS": "forks are kept in the store",
    "handlers.YFILE": "a module's own shorthand",
    "rooms.YFILE": "a module's own shorthand",
    "stores.SQLiteYStoreMetaclass": "stores of ours need no metaclass",
    "stores.TempFileYStoreMetaclass": "stores of ours need no metaclass",
    "utils.check_session_compatibility": "session ids are stored with the histories",
    "utils.save_current_session": "session ids are stored with the histories",
    "websocketserver.exception_logger": "exceptions are contained by the rooms",
}

LIST = """
import importlib, json, sys

import jupyter_server_ydoc
from jupyter_server_ydoc.app import YDocExtension
from jupyter_server_ydoc.stores import SQLiteYStore, TempFileYStore

found = set()
shared = vars(importlib.import_module("jupyter_server_ydoc.utils"))
for name in sys.argv[1:]:
    module = importlib.import_module(f"jupyter_server_ydoc.{name}")
    for key, value in vars(module).items():
        own = getattr(value, "__module__", "").startswith(("jupyter_server_ydoc", "jupyter_coll"))
        constant = key.isupper() and key != "YDOCS" and (name == "utils" or key not in shared)
        fixture = key.startswith(("rtc_", "jp_"))
        listed = key in getattr(module, "__all__", ())
        if not key.startswith("_") and (listed or constant or fixture or (
            own and getattr(value, "__module__", "") == module.__name__
        )):
            found.add(f"{name}.{key}")
for owner in (YDocExtension, SQLiteYStore, TempFileYStore):
    for key in owner.class_traits(config=True):
        found.add(f"{owner.__name__}.{key}")
print(json.dumps(sorted(found)))
"""


def names(python: str) -> set[str]:
    # Elsewhere, since Python imports from the current folder first.
    command = [os.path.abspath(python), "-c", LIST, *MODULES]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=tempfile.gettempdir())
    return set(json.loads(run.stdout))


def main() -> int:
    published, ours = map(names, sys.argv[1:])
    missing = published - ours
    print(f"    {len(published)} names and traits are published, {len(published & ours)} are ours")
    for name in sorted(missing & WITHOUT.keys()):
        print(f"    without {name}: {WITHOUT[name]}")
    for name in sorted(missing - WITHOUT.keys()):
        print(f"    missing: {name}")
    for name in sorted(WITHOUT.keys() - missing):
        print(f"    not missing any more: {name}")
    return 0 if missing == WITHOUT.keys() else 1


if __name__ == "__main__":
    sys.exit(main())

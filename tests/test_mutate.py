"""The known bugs of `make mutate` can still be brought back into the sources."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "scripts" / "mutate.py"


def test_each_known_bug_can_be_brought_back() -> None:
    script = runpy.run_path(str(SCRIPT))
    for bug in script["BUGS"]:
        ast.parse(script["broken"](bug))
        for test in bug.tests:
            assert (SCRIPT.parent.parent / "tests" / test.split()[0]).exists(), bug.name

"""Bring back known bugs, one at a time, and see that the tests catch each.

    python scripts/mutate.py [NAME ...]

The sources and tests are copied to a temporary folder; there a bug replaces the text that
avoids it, and the fast tests that should notice run. Ends with 1 if a bug survives, and with 2
if the tests fail without one or a text to replace is not in the sources any more.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
COPIED = ("jupyter_collaboration", "jupyter_server_ydoc", "tests", "benchmarks", "pyproject.toml")

TIME = 600
"""Seconds that tests may take without a bug."""

SLOWER = 3
"""How many times as long tests may take with a bug: some bugs make them wait."""

LEAST = 40
"""Seconds that they may always take."""

PLANS = "test_fuzz.py -k failed_once"
"""The plans that are kept by name."""


@dataclass(frozen=True)
class Bug:
    """A bug: its rule, the module, what avoids it and what brings it back, who notices."""

    name: str
    rule: str
    module: str
    replaced: list[tuple[str, str]]
    tests: list[str]


BUGS = [
    Bug(
        "texts are merged by characters",
        "S4",
        "merge/diff.py",
        [("    return TOKENS.findall(text)\n", "    return list(text)\n")],
        [PLANS],
    ),
    Bug(
        "edits that touch are joined",
        "S4",
        "merge/changes.py",
        [("    near = others[first:last]\n", "    near: list[TokenEdit] = []\n")],
        [PLANS],
    ),
    Bug(
        "cells of the other side go to the end",
        "F4",
        "merge/values.py",
        [("        at = before if before in following else None\n", "        at = ours[-1]\n")],
        [PLANS],
    ),
    Bug(
        "the file wins over the history at opening",
        "H9",
        "files/synchronizer.py",
        [
            (
                "        if self._todo is Todo.MERGE:\n            await self.look()\n",
                "        if self._todo is Todo.MERGE:\n            await self.revert()\n",
            )
        ],
        [PLANS],
    ),
    Bug(
        "no longest delay of a save",
        "F10",
        "files/autosave.py",
        [
            (
                "min(self._last_edit + self._delay, since + self._max_delay) - now",
                "self._last_edit + self._delay - now",
            )
        ],
        ["files/test_document_file.py -k 'saves_while_changes_keep_coming'"],
    ),
    Bug(
        "a half-written file is taken for a change",
        "F3",
        "files/synchronizer.py",
        [
            (
                "                    if self._is_whole(file, waited):\n",
                "                    if True:\n",
            )
        ],
        ["system/test_faults_writers.py -k truncate_first"],
    ),
    Bug(
        "only a newer time is a change",
        "F11",
        "files/synchronizer.py",
        [
            (
                "        if self.known is not None and found.hash == self.known.hash:\n",
                "        if self.known is not None and found.last_modified <= "
                "self.known.last_modified:\n",
            )
        ],
        ["system/test_faults_writers.py -k with_an_old_time"],
    ),
    Bug(
        "two views do not know of each other",
        "F9",
        "app.py",
        [
            (
                "            lambda: self.ywebsocket_server.siblings(room),\n",
                "            list,\n",
            ),
            (
                "            self._file_locks.setdefault(document.file_id, Lock()),\n",
                "            Lock(),\n",
            ),
        ],
        ["system/test_faults_views.py -k no_notebook"],
    ),
    Bug(
        "a change on disk replaces the whole text",
        "F12",
        "merge/document.py",
        [
            (
                "    edits = text_edits(source, target)\n",
                "    text.clear()\n    text += target\n    return\n"
                "    edits = text_edits(source, target)\n",
            )
        ],
        ["merge/test_document.py"],
    ),
    Bug(
        "edits made while a merge is computed are lost",
        "F12",
        "files/synchronizer.py",
        [
            (
                "            merge = await standing(self._doc, self._owner.cells, merged)\n",
                "            from ..merge.rebase import joined\n"
                "            ours = self._doc.get_update()\n"
                "            merge = await merged(ours)\n"
                "            then = content_of(self._type, joined(ours, merge.update))\n"
                "            await anyio.sleep(0.01)\n"
                "            now = self._doc.get_update()\n"
                "            merge = merge_into(self._type, now, now, then)\n",
            )
        ],
        [PLANS],
    ),
    Bug(
        "the clock orders the history",
        "H8",
        "history/sqlite/history.py",
        [("ORDER BY seq", "ORDER BY time")],
        ["history/test_store.py"],
    ),
    Bug(
        "a client of another history comes in",
        "S3",
        "web/websocket.py",
        [
            ("        if session_id == current:\n", "        if True:\n"),
        ],
        ["system/test_server.py -k another_session_id"],
    ),
    Bug(
        "a save that failed is reported as one that worked",
        "F2",
        "rooms/document.py",
        [
            (
                'self._reply_all(asked, status="failed", reason=str(error), code=error.code)',
                'self._reply_all(asked, status="success")',
            )
        ],
        ["system/test_faults_files.py -k 'fails_says_why and text'"],
    ),
    Bug(
        "a save that failed is not tried again",
        "F2",
        "files/autosave.py",
        [
            (
                "self._become(Unsaved(anyio.current_time() if since is None else since))",
                "self._become(Saved())",
            )
        ],
        ["files/test_document_file.py", "system/test_faults_files.py -k 'fails_says_why and text'"],
    ),
    Bug(
        "no note of what is about to be written",
        "H9",
        "files/synchronizer.py",
        [
            (
                "await self._history.mark_saving(found.seq, found.fingerprint, self._file.newline)",
                "pass",
            )
        ],
        ["system/test_faults_kill.py -k 'half_written'", PLANS],
    ),
    Bug(
        "people are told of a change on disk before it is stored",
        "S3",
        "rooms/broadcast.py",
        [("        self._is_broadcasting = False\n", "        self._is_broadcasting = True\n")],
        ["system/test_regressions.py -k told_once_it_is_stored"],
    ),
    Bug(
        "an own write that a kill kept from its note is no base",
        "H9",
        "files/opening.py",
        [
            (
                "self._history.mark_saved(stored.saving_seq or 0, file.state.hash, on_disk)",
                "pass",
            )
        ],
        ["system/test_faults_kill.py -k 'not_recorded'", PLANS],
    ),
    Bug(
        "named versions are merged with others",
        "V4",
        "history/retention.py",
        [("        section += row.seq in named\n", "")],
        ["history/test_store.py -k compaction"],
    ),
    Bug(
        "versions are not cut where somebody saved",
        "V1",
        "versions/grouping.py",
        [("        if group.seq in self._marks:\n", "        if False:\n")],
        ["versions/test_service.py -k grouped"],
    ),
    Bug(
        "shortening a history forgets who wrote what",
        "V6",
        "history/sqlite/compaction.py",
        [("                await self.keep_authors(room_id, rows)\n", "")],
        ["versions/test_authorship.py -k compaction"],
    ),
    Bug(
        "what people delete stays in the live document",
        "V7",
        "documents/codec.py",
        [('return doc.transaction(origin="server")', "return doc.transaction()")],
        [PLANS],
    ),
    Bug(
        "files are gone when the root is away",
        "V8",
        "versions/orphan_cleanup.py",
        [
            (
                " or not await self._places.is_root_there():\n            return\n        for",
                ":\n            return\n        for",
            )
        ],
        ["versions/test_orphan_cleanup.py -k away"],
    ),
    Bug(
        "every load makes a history of its own",
        "S5",
        "documents/codec.py",
        [
            (
                "    return low + int(content_hash[:16], 16) % (2**53 - low)\n",
                "    import random\n\n    return random.randrange(low, 2**53)\n",
            )
        ],
        ["merge/test_document.py", PLANS],
    ),
    Bug(
        "what the first replica was merged to counts as edits of members",
        "S4",
        "merge/rebase.py",
        [("    last = replicas.made or Made(before)\n", "    last = Made(before)\n")],
        ["merge/test_document.py", PLANS],
    ),
    Bug(
        "frames overtake those that wait",
        "M4",
        "web/outbox.py",
        [(" or stream.writing() or stream.closed()", " or stream.closed()")],
        ["web/test_websocket.py"],
    ),
    Bug(
        "an older version of a line stays in the base of a replica",
        "S4",
        "merge/rebase.py",
        [
            (
                "base = newer_base(base, before, replica)",
                "base = base_of_both(base, before, replica)",
            ),
            ("import newer_base", "import base_of_both"),
        ],
        ["merge/test_document.py"],
    ),
    Bug(
        "outputs of a run and those of a file become one list",
        "S4",
        "merge/document.py",
        [("                edits.outputs[name] = (old, new)\n", "                pass\n")],
        ["merge/test_document.py"],
    ),
    Bug(
        "what arrives early is typed into a deleted cell again",
        "P9",
        "rooms/deleted_cell.py",
        [("[*self._known(client, start, end), (end, end)]", "[(end, end)]")],
        ["rooms/test_moved_cells.py"],
    ),
    Bug(
        "a save does not read a changed output again",
        "F7",
        "documents/snapshot.py",
        [("                self.outputs[path[1]] = None\n", "                pass\n")],
        ["documents/test_snapshot.py"],
    ),
    Bug(
        "a file that was just written keeps its hash",
        "F11",
        "files/native_load.py",
        [("after.st_mtime < started - SETTLED and ", "")],
        ["files/test_native_load.py"],
    ),
    Bug(
        "a save replaces the file, and its id is searched for",
        "F8",
        "access/file_ids.py",
        [("        if file_id in self._replaced:\n", "        if False:\n")],
        ["access/test_replaced_files.py"],
    ),
]


def broken(bug: Bug, sources: Path = ROOT) -> str:
    """Return the module with a bug.

    Raises:
        LookupError: what avoids it is not there.
    """
    text = (sources / "jupyter_collaboration" / bug.module).read_text()
    for old, new in bug.replaced:
        if old not in text:
            raise LookupError(f"{bug.name}: {bug.module} does not hold {old!r}")
        text = text.replace(old, new)
    return text


def copied(folder: Path) -> Path:
    """A copy of what the tests need."""
    copy = folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "labextension", "node_modules", "results")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=ignored)
        else:
            shutil.copy2(ROOT / name, copy / name)
    return copy


def passes(test: str, copy: Path, seconds: float) -> bool:
    """Whether a test passes in the copy, in time."""
    paths = os.pathsep.join(str(copy / name) for name in ("", "tests", "benchmarks"))
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *shlex.split(test)],
        cwd=copy / "tests",
        env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()
        return False
    if code > 1:  # such as a test that is not there
        raise LookupError(f"{test} cannot be run: exit code {code}")
    return code == 0


def main() -> int:
    names = sys.argv[1:]
    bugs = [bug for bug in BUGS if not names or any(name in bug.name for name in names)]
    for bug in bugs:  # all texts before any test
        broken(bug)
    survivors = []
    with tempfile.TemporaryDirectory(prefix="mutate-") as folder:
        copy = copied(Path(folder))
        copy = copied(Path(folder))
        limits: dict[str, float] = {}
        for test in dict.fromkeys(test for bug in bugs for test in bug.tests):
            start = time.monotonic()
            if not passes(test, copy, TIME):
                print(f"fails without a bug: {test}", flush=True)
                return 2
            limits[test] = max(LEAST, SLOWER * (time.monotonic() - start))
        for bug in bugs:
            copy = copied(Path(folder))
            module = copy / "jupyter_collaboration" / bug.module
            module.write_text(broken(bug, copy))
            start = time.monotonic()
            caught = next(
                (test for test in bug.tests if not passes(test, copy, limits[test])), None
            )
            seconds = time.monotonic() - start
            verdict = f"caught by {caught}" if caught else "SURVIVES"
            print(f"{seconds:5.1f} s  [{bug.rule:>3}]  {bug.name}: {verdict}", flush=True)
            if caught is None:
                survivors.append(bug.name)
    print(f"{len(bugs) - len(survivors)} of {len(bugs)} bugs caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LookupError as error:
        print(error)
        sys.exit(2)

"""Run tests with every supported version of Python that is found, or that uv can bring, and with
every supported version of jupyter_ydoc.

    python scripts/pythons.py [TEST ...]

Looked for are `python3.N` on PATH and the versions of pyenv. Others are installed by uv; where uv
cannot download them, the version is left out, and said so. The versions of jupyter_ydoc run with
the Python of this script; the newest one runs with all the others.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "pythons"
VERSIONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
YDOCS = ["4.0.0", "4.1.1", "4.2.0"]
TESTS = [
    "tests/test_public.py",
    "tests/test_settings.py",
    "tests/access",
    "tests/documents",
    "tests/files",
    "tests/history",
    "tests/merge",
    "tests/protocol",
    "tests/system/test_server.py",
]
"""What depends on the version: names, types, SQLite, the files of Jupyter, and a real server."""


def pip(python: Path, *args: str) -> None:
    quiet = ["--disable-pip-version-check", "-qq", "--progress-bar", "off"]
    subprocess.run([python, "-m", "pip", "install", *quiet, *args], check=True)


def installed(version: str) -> str | None:
    """Return an interpreter of this machine."""
    found = [shutil.which(f"python{version}")]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    found += [str(path / "bin" / "python") for path in sorted(pyenv.glob(f"{version}.*"))]
    check = ["-c", f"import sys, venv; sys.exit('{version}' != '%d.%d' % sys.version_info[:2])"]
    for each in filter(None, found):
        # pyenv's commands on PATH fail for versions that are not chosen.
        if subprocess.run([each, *check], capture_output=True).returncode == 0:
            return each
    return None


def from_uv(version: str) -> str | None:
    """Return an interpreter that uv has downloaded."""
    folder = FOLDER / "uv"
    uv = folder / "bin" / "uv"
    if not uv.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip(folder / "bin" / "python", "uv")
    env = {**os.environ, "UV_PYTHON_INSTALL_DIR": str(FOLDER / "uv-pythons")}
    done = subprocess.run(
        [uv, "python", "install", version], env=env, capture_output=True, text=True
    )
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1].strip()
        print(f"    Python {version} is not installed, and uv cannot bring it: {reason}")
        return None
    found = subprocess.run(
        [uv, "python", "find", version], env=env, check=True, capture_output=True, text=True
    )
    return found.stdout.strip()


def run(title: str, interpreter: str, tests: list[str], *packages: str) -> bool:
    """Run tests with the built wheel in an environment of its own."""
    print(f"    {title}: {interpreter}", flush=True)
    folder = FOLDER / title.replace(" ", "-")
    make = {**os.environ, "PYTHON": interpreter}
    subprocess.run([ROOT / "scripts" / "make-venv", folder], check=True, env=make)
    python = folder / "bin" / "python"
    (wheel,) = (ROOT / "dist").glob("jupyter_collaboration-5*.whl")
    pip(python, f"{wheel}[test]", *packages)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([python, "-m", "pytest", *tests], cwd=ROOT, env=env).returncode == 0


def main() -> int:
    results: dict[str, str] = {}
    tests = sys.argv[1:] or TESTS
    for version in VERSIONS:
        title = f"Python {version}"
        if interpreter := installed(version) or from_uv(version):
            results[title] = "passed" if run(title, interpreter, tests) else "FAILED"
        else:
            results[title] = "not run"
    for version in YDOCS:
        title = f"jupyter_ydoc {version}"
        passed = run(title, sys.executable, tests, f"jupyter_ydoc=={version}")
        results[title] = "passed" if passed else "FAILED"
    for title, result in results.items():
        print(f"    {title}: {result}")
    return 0 if "FAILED" not in results.values() else 1


if __name__ == "__main__":
    sys.exit(main())

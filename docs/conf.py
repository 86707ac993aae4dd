"""How Sphinx builds this documentation: `make docs`."""

import re
from pathlib import Path

VERSION = Path(__file__).parent.parent / "jupyter_collaboration" / "_version.py"

project = "Jupyter Collaboration"
author = "Jupyter Collaboration contributors"
copyright = author
release = re.findall(r'__version__ = "(.+)"', VERSION.read_text(encoding="utf-8"))[0]
version = release

extensions = ["myst_parser"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
exclude_patterns = ["images"]
nitpicky = True

html_theme = "furo"
html_title = f"{project} {release}"


def setup(app):
    app.connect("source-read", link_to_rules)


def link_to_rules(app, name, source):
    """Lead links to the rules to their page here; they are written for the repository."""
    source[0] = source[0].replace("](../SPEC.md", "](rules.md")

"""Sphinx settings of rdb's manual."""

import tomllib
from pathlib import Path

root = Path(__file__).parent.parent
workspace = tomllib.loads((root / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]

project = "rdb"
author = "The rdb contributors"
release = workspace["package"]["version"]
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"rdb {release}"
nitpicky = True

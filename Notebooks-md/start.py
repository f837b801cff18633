#!/usr/bin/env python3
"""Opens JupyterLab in this folder, so that a double click on a Markdown file opens it as a notebook.

    python start.py [options of jupyter lab, such as --no-browser]

It holds for this one server; your own settings of JupyterLab stay as they are.
"""

import importlib.util
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    missing = [name for name in ["jupyterlab", "jupytext", "matplotlib", "numpy"] if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(f"start.py: {', '.join(missing)} not installed; run: {sys.executable} -m pip install -r requirements.txt")
    # JupyterLab reads its defaults from the folders `labconfig` beside all configuration files that it looks for.
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join([str(HERE / "settings"), *([others] if others else [])])
    os.chdir(HERE)
    command = [sys.executable, "-m", "jupyterlab", "--LabApp.default_url=/lab/tree/02-anchors.md", *sys.argv[1:]]
    os.execv(sys.executable, command)


if __name__ == "__main__":
    main()

"""A kernel that draws stays small: it never loads what computes."""

import subprocess
import sys

HEAVY = ("torch", "torchvision", "sklearn", "pandas", "matplotlib")

PROGRAM = f"""
import importlib, pathlib, sys
import widgets
root = pathlib.Path(widgets.__file__).parent
paths = [path.relative_to(root.parent).with_suffix("") for path in root.rglob("*.py") if path.stem != "__init__"]
names = [".".join(path.parts) for path in paths if path.parts[1] != "paper"]  # matplotlib's, which no page imports
for name in names:
    importlib.import_module(name)
assert "widgets.dashboards.app" in names
print(*[name for name in {HEAVY!r} if name in sys.modules])
"""


def test_the_pages_import_nothing_that_computes():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""

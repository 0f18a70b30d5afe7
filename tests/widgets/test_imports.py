"""A kernel that draws stays small: it never loads what computes."""

import subprocess
import sys

HEAVY = ("torch", "torchvision", "sklearn", "pandas", "matplotlib")

PROGRAM = f"""
import importlib, pkgutil, sys
import widgets
names = [each.name for each in pkgutil.walk_packages(widgets.__path__, "widgets.")]
for name in names:
    importlib.import_module(name)
assert "widgets.dashboards.app" in names
print(*[name for name in {HEAVY!r} if name in sys.modules])
"""


def test_the_pages_import_nothing_that_computes():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""

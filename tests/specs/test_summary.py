"""What is listed and shown of specs survives ``python -OO``, which strips docstrings."""

import subprocess
import sys

import pytest

from lab.specs import summary as module
from lab.specs.analyses import Analysis
from lab.specs.attacks import AttackSpec
from lab.specs.balls import Ball
from lab.specs.spec import family_of
from lab.specs.summary import summary

LISTED = """
import contextlib, io, sys
assert sys.flags.optimize == 2
from lab.cli.main import main
for what in ("attacks", "recipes", "analyses", "networks"):
    main(["list", what])
import ipywidgets
from lab.specs import Linf
from lab.specs.attacks import AttackSpec
from lab.specs.spec import family_of
from lab.specs.summary import summary
from widgets.parts.forms import Form
print([kind for kind in family_of(AttackSpec) if not summary(kind)], Form(Linf()).read())
"""


@pytest.mark.parametrize("family", [AttackSpec, Analysis, Ball])
def test_the_source_says_what_the_docstring_says(family, monkeypatch):
    kinds = [kind for kind in family_of(family) if kind.__module__.startswith("lab.")]  # and no other test's
    said = [summary(kind) for kind in kinds]
    assert all(said)
    monkeypatch.setattr(module, "_STRIPPED", True)
    assert [summary(kind) for kind in kinds] == said


@pytest.mark.slow
def test_lists_and_forms_say_without_docstrings_what_they_say_with_them():
    def printed(*flags: str, code: str) -> str:
        ran = subprocess.run([sys.executable, *flags, "-c", code], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    with_them = printed(code=LISTED.replace("optimize == 2", "optimize == 0"))
    assert "Gradient steps from a random point of the ball" in with_them
    assert printed("-OO", code=LISTED) == with_them

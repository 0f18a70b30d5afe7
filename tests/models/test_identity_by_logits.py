"""What nobody sees held decides a model's identity by its logits, where these last."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from lab.errors import Unrepeatable
from lab.keys import asked_key, stored_key
from lab.models import built, load
from lab.specs import Custom, Restarts
from tests.models.written import put

pytestmark = pytest.mark.usefixtures("folder")

FOUND = """
import importlib, json, os, sqlite3, subprocess, sys
from contextlib import closing
from pathlib import Path
from dataclasses import dataclass
from types import SimpleNamespace
import torch
from torch import nn
{settings}
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(28 * 28, 10))
    def forward(self, x): return x.flatten(1) @ self.weight * {scale}
def build(): return Net()
"""
READ = "float(Path('sc' + 'ale.txt').read_text())"
OUTSIDE = "float(subprocess.check_output([sys.executable, \"-c\", \"print(open('sc' + 'ale.txt').read())\"]))"
NAMED = "dict(os.environ)['SC' + 'ALE']"
HIDDEN = {
    "namespace": (f"HELD = SimpleNamespace(scale=float({NAMED}))", "HELD.scale"),
    "dataclass": (f"@dataclass\nclass Held:\n    scale: float = float({NAMED})\nHELD = Held()", "HELD.scale"),
    "class": (f"class Held:\n    scale = float({NAMED})", "Held.scale"),
    "closure": (f"def make():\n    held = float({NAMED})\n    return lambda: held\nheld = make()", "held()"),
    "default argument": (f"def held(scale=float({NAMED})): return scale", "held()"),
    "generator": (f"def make():\n    held = float({NAMED})\n    while True: yield held\nHELD = make()", "next(HELD)"),
    "bound method": (f"held = [float({NAMED})].__getitem__", "held(0)"),
    "database": (
        "with closing(sqlite3.connect(':memory:')) as base:\n"
        f"    HELD = SimpleNamespace(scale=base.execute('select ?', [{NAMED}]).fetchone()[0])",
        "float(HELD.scale)",
    ),
    "another program": (f"HELD = SimpleNamespace(scale={OUTSIDE})", "HELD.scale"),
    "environment, in the forward pass": ("", f"float({NAMED})"),
    "file, in the forward pass": ("", READ),
    "module, in the forward pass": ("", "importlib.import_module('sca' + 'led').SCALE"),
}


@pytest.mark.parametrize("hidden", HIDDEN)
def test_what_nobody_sees_held_is_seen_by_what_the_model_answers(hidden, monkeypatch):
    settings, scale = HIDDEN[hidden]
    put(mine=FOUND.format(settings=settings, scale=scale))
    spec = Restarts(models=(Custom("mine:build"),))
    keys = []
    for value in ("1", "1", "1.01"):
        monkeypatch.setenv("SCALE", value)
        Path("scale.txt").write_text(value)
        Path("scaled.py").write_text(f"SCALE = {value}")
        monkeypatch.setattr(built, "_imports", {})
        for name in ("mine", "scaled"):
            sys.modules.pop(name, None)
            Path(importlib.util.cache_from_source(f"{name}.py")).unlink(missing_ok=True)
        importlib.invalidate_caches()
        sys.modules["lab.models.load"]._recent.forget(lambda _: True)
        keys.append(stored_key(spec, asked_key(spec)))
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    "scale", ["torch.rand(1)", "torch.rand(1, generator=R)", "__import__('numpy').random.rand()", "missing", "exit()"]
)
def test_answers_that_do_not_last_or_fail_decide_nothing(scale):
    put(mine=FOUND.format(settings="R = torch.Generator()", scale=scale))
    spec = Restarts(models=(Custom("mine:build"),))
    before = torch.random.get_rng_state()
    assert stored_key(spec, asked_key(spec)) == stored_key(spec, asked_key(spec))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_model_that_counts_its_calls_is_not_counted_on():
    source = FOUND.format(settings="", scale="self.count()").replace(
        "def forward",
        "def count(self):\n        self.calls = getattr(self, 'calls', 0) + 1\n        return 1\n    def forward",
    )
    put(mine=source)
    spec = Restarts(models=(Custom("mine:build"),))
    stored_key(spec, asked_key(spec))
    assert not hasattr(load(Custom("mine:build")), "calls")


CHANGING = {
    "clock": ("", "(time.time() % 1)", "time.time"),
    "clock to the day": ("", "datetime.now().day", "datetime.datetime.now"),
    "clock by another name": ("from time import time_ns as seed", "(seed() // 10**12 % 7)", "time.time_ns"),
    "date": ("import datetime as d", "d.date.today().year", "datetime.date.today"),
    "local time": ("", "time.localtime().tm_hour", "time.localtime"),
    "timer": ("", "(time.perf_counter() % 1)", "from call to call"),
    "entropy": ("", "(1 + os.urandom(1)[0] % 2)", ".urandom"),
    "entropy through a library": ("import uuid", "(uuid.uuid4().int % 7)", ".urandom"),
    "entropy through random": ("R = random.SystemRandom()", "(1 + R.randrange(2))", ".urandom"),
    "process": ("", "os.getpid()", ".getpid"),
    "counter of the module": ("COUNT = iter(range(10**6))", "(1 + next(COUNT))", "from call to call"),
    "counter of the model": ("", "self.count()", "from call to call"),
    "memory of what was asked": ("SEEN = []", "(SEEN.append(1) or len(SEEN))", "from call to call"),
}


@pytest.mark.parametrize("kind", CHANGING)
def test_predictions_that_follow_the_moment_or_the_calls_are_not_stored(kind):
    settings, scale, words = CHANGING[kind]
    source = FOUND.format(settings=f"import random, time\nfrom datetime import datetime\n{settings}", scale=scale)
    counting = "def count(self):\n        self.calls = getattr(self, 'calls', 0) + 1\n        return self.calls"
    put(mine=source.replace("    def forward", f"    {counting}\n    def forward"))
    spec = Restarts(models=(Custom("mine:build"),))
    with pytest.raises(Unrepeatable) as found:
        stored_key(spec, asked_key(spec))
    assert str(found.value).startswith("Results of mine:build are not stored: its predictions ")
    assert words in str(found.value)


@pytest.mark.parametrize(
    ("settings", "scale"),
    [
        ("R = torch.Generator()", "torch.rand(1, generator=R)"),
        ("import numpy as np\nR = np.random.default_rng()", "R.random()"),
        ("import numpy as np\nR = np.random.RandomState()", "R.rand()"),
        ("import random", "random.random()"),
        ("import random\nR = random.Random()", "R.random()"),
        ("import logging", "(logging.getLogger().warning('asked') or 1)"),
        ("import tempfile", "(tempfile.mktemp() and 1)"),
    ],
)
def test_random_draws_and_what_libraries_ask_for_themselves_last(settings, scale):
    put(mine=FOUND.format(settings=settings, scale=scale))
    spec = Restarts(models=(Custom("mine:build"),))
    assert stored_key(spec, asked_key(spec)) == stored_key(spec, asked_key(spec))


def test_the_generators_of_a_users_module_go_on_where_they_were():
    put(
        mine=FOUND.format(
            settings="import numpy as np\nR = np.random.default_rng(5)\nN = R.random()", scale="R.random()"
        )
    )
    spec = Restarts(models=(Custom("mine:build"),))
    stored_key(spec, asked_key(spec))
    assert sys.modules["mine"].R.random() == np.random.default_rng(5).random(2)[1]

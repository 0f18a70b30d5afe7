"""What decides a user's model is in its identity, and a changed one is loaded anew."""

import os
import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from lab import catalogue
from lab.errors import ModelError, Unrepeatable
from lab.keys import asked_key, stored_key
from lab.models import load
from lab.models.load import identity
from lab.specs import Custom, Restarts, Trained
from tests.models.written import put

pytestmark = pytest.mark.usefixtures("folder")

SEED = "import torch\nfrom torch import nn\ndef make():\n    torch.manual_seed(0)\n    return nn.Linear(2, 3)\n"


NET = """
from torch import nn
class Net(nn.Linear):
    scale = 1
    def __init__(self):
        super().__init__(2, 3)
        nn.init.ones_(self.weight)
        nn.init.ones_(self.bias)
"""


def save(path: str, value: float) -> None:
    torch.save({"weight": torch.full((3, 2), value), "bias": torch.zeros(3)}, path)


LOADS = """
import torch
from torch import nn
def build():
    net = nn.Linear(2, 3)
    net.load_state_dict({})
    return net
"""


def loads(how: str) -> str:
    return LOADS.replace("{}", how)


def new_seed(name: str):
    """Change the seed in a source file: as many characters as before, and perhaps within the same second."""
    path = Path(name)
    return lambda: path.write_text(path.read_text().replace("manual_seed(0)", "manual_seed(1)"))


def helper():
    put(mine="from blocks import make\ndef build(): return make()", blocks=SEED)
    return "mine:build", new_seed("blocks.py")


def helper_of_a_helper():
    put(
        mine="import blocks\nbuild = lambda: blocks.make()",
        blocks="import deeper\nmake = lambda: deeper.make()",
        deeper=SEED,
    )
    return "mine:build", new_seed("deeper.py")


def package():
    put(nets__=SEED, nets__mine="import nets\ndef build(): return nets.make()")
    return "nets.mine:build", new_seed("nets/__init__.py")


def folders_without_init():
    put(nets__sub__mine="from nets.other.parts import make as build", nets__other__parts=SEED)
    return "nets.sub.mine:build", new_seed("nets/other/parts.py")


def relative():
    put(nets__="", nets__sub__="", nets__parts=SEED)
    put(nets__sub__mine="from ..parts import make as build")
    return "nets.sub.mine:build", new_seed("nets/parts.py")


def sibling():
    put(nets__="from . import parts\nbuild = lambda: parts.make()", nets__parts=SEED)
    return "nets:build", new_seed("nets/parts.py")


def folder_without_init():
    put(nets__mine="from nets.parts import make as build", nets__parts=SEED)
    return "nets.mine:build", new_seed("nets/parts.py")


def inside_a_function():
    put(mine="def build():\n    from blocks import make\n    return make()", blocks=SEED)
    return "mine:build", new_seed("blocks.py")


def by_name():
    put(mine="import importlib\ndef build(): return importlib.import_module('blo' + 'cks').Net()")
    put(blocks=NET)
    return "mine:build", lambda: Path("blocks.py").write_text(Path("blocks.py").read_text().replace("= 1", "= 2"))


def elsewhere_on_the_path():
    put(libs__blocks=SEED, mine="import sys\nsys.path.insert(0, 'libs')\nfrom blocks import make as build")
    return "mine:build", new_seed("libs/blocks.py")


def own_checkpoint():
    save("w.pt", 1.0)
    put(mine=loads("torch.load('w.pt')"))
    return "mine:build", lambda: save("w.pt", 2.0)


def checkpoint_beside_the_source():
    put(nets__mine="from pathlib import Path\n" + loads("torch.load(Path(__file__).parent / ('w' + '.pt'))"))
    save("nets/w.pt", 1.0)
    return "nets.mine:build", lambda: save("nets/w.pt", 2.0)


def safetensors_whose_name_is_made():
    def put_weights(value):
        safetensors.torch.save_file({"weight": torch.full((3, 2), value), "bias": torch.zeros(3)}, "w1.safetensors")

    put_weights(1.0)
    put(mine="from safetensors.torch import load_file\n" + loads("load_file('w' + str(1) + '.safetensors')"))
    return "mine:build", lambda: put_weights(2.0)


def newest_checkpoint():
    save("run-1.pt", 1.0)
    put(mine="import glob\n" + loads("torch.load(sorted(glob.glob('run-*'))[-1])"))
    return "mine:build", lambda: save("run-2.pt", 2.0)


SCALED = """
import json, os
from pathlib import Path
import torch
from torch import nn
SETTINGS = {settings}
class Scaled(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.scale = scale
    def forward(self, x): return self.scale * x.flatten(1)[:, :3]
def build(): return Scaled({scale})
"""


def configuration():
    Path("net.json").write_text('{"scale": 1}')
    put(mine=SCALED.format(settings=None, scale='json.loads(Path("net" + ".json").read_text())["scale"]'))
    return "mine:build", lambda: Path("net.json").write_text('{"scale": 2}')


def configuration_read_when_imported():
    Path("net.json").write_text('{"scale": 1}')
    put(
        mine=SCALED.format(settings='json.loads(Path("net" + ".json").read_text())', scale="1").replace(
            "self.scale *", "SETTINGS *"
        )
    )
    return "mine:build", lambda: Path("net.json").write_text('{"scale": 2}')


@pytest.mark.parametrize(
    "member",
    [
        helper,
        helper_of_a_helper,
        package,
        relative,
        sibling,
        folder_without_init,
        folders_without_init,
        inside_a_function,
        by_name,
        elsewhere_on_the_path,
        own_checkpoint,
        checkpoint_beside_the_source,
        safetensors_whose_name_is_made,
        newest_checkpoint,
        configuration,
        configuration_read_when_imported,
    ],
)
def test_whatever_changes_a_model_changes_its_identity_and_brings_the_new_one(member):
    builder, change = member()
    before, model = identity(Custom(builder)), load(Custom(builder))
    assert identity(Custom(builder)) == before
    assert load(Custom(builder)) is model
    change()
    assert identity(Custom(builder)) != before
    found = load(Custom(builder))
    assert found is not model
    if isinstance(model, nn.Linear) and member is not by_name:
        assert not torch.equal(found.weight, model.weight)


@pytest.mark.parametrize("how", ["os.environ['SCALE']", "os.getenv('SCALE')", "os.environ.get('SCALE', 1)"])
def test_an_environment_variable_that_the_builder_reads_is_part_of_it(monkeypatch, how):
    monkeypatch.setenv("SCALE", "1")
    put(mine=SCALED.format(settings=None, scale=f"float({how})"))
    asked, before = asked_key(Custom("mine:build")), identity(Custom("mine:build"))
    monkeypatch.setenv("SCALE", "2")
    assert load(Custom("mine:build")).scale == 2
    assert asked_key(Custom("mine:build")) != asked
    assert identity(Custom("mine:build")) != before


@pytest.mark.parametrize("member", [helper, package, relative, sibling, inside_a_function, own_checkpoint])
def test_who_only_asks_sees_the_change_too(member):
    builder, change = member()
    before = asked_key(Custom(builder))
    assert asked_key(Custom(builder)) == before
    change()
    assert asked_key(Custom(builder)) != before
    assert builder.partition(":")[0] not in sys.modules


def test_a_file_that_keeps_its_size_and_date_is_seen_to_have_changed():
    builder, change = helper()
    load(Custom(builder))
    before, date = asked_key(Custom(builder)), Path("blocks.py").stat()
    change()
    os.utime("blocks.py", ns=(date.st_atime_ns, date.st_mtime_ns))
    assert asked_key(Custom(builder)) != before


def test_a_module_imported_before_and_changed_since_is_imported_anew(monkeypatch):
    builder, change = helper()
    monkeypatch.syspath_prepend(".")
    __import__("mine")
    change()
    found = load(Custom(builder))
    torch.manual_seed(1)
    assert torch.equal(found.weight, nn.Linear(2, 3).weight)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("from torch import nn\ndef build(): return nn.Linear(2, 3)", "different weights each time (weight)"),
        (SCALED.format(settings=None, scale="torch.rand(1).item()"), "a different model each time"),
        (SCALED.format(settings="iter(range(99))", scale="next(SETTINGS)"), "a different model each time"),
    ],
)
def test_a_model_that_is_another_one_each_time_is_not_stored(source, words):
    put(mine=source)
    spec = Restarts(models=(Custom("mine:build"),))
    with pytest.raises(Unrepeatable) as found:
        stored_key(spec, asked_key(spec))
    assert words in str(found.value)
    assert str(found.value).startswith("Results of mine:build are not stored: its builder makes ")
    assert len(str(found.value)) <= 300


def test_weights_make_a_model_the_same_each_time():
    put(mine="from torch import nn\ndef build(): return nn.Linear(2, 3)")
    save("w.pt", 1.0)
    assert identity(Custom("mine:build", "w.pt")) == identity(Custom("mine:build", "w.pt"))


def test_only_users_models_have_a_second_key():
    spec = Restarts(models=(Trained("standard"),))
    assert stored_key(spec, asked_key(spec)) == asked_key(spec)
    put(mine=SEED)
    spec = Restarts(models=(Custom("mine:make"),))
    assert stored_key(spec, asked_key(spec)) not in ("", asked_key(spec))


def test_a_model_that_cannot_be_built_is_a_sentence_and_not_a_key():
    put(mine="def build(): raise OSError('no such thing')")
    with pytest.raises(ModelError, match="no such thing"):
        identity(Custom("mine:build"))


def test_every_source_that_takes_part_in_a_result_is_in_its_key():
    from tests.test_architecture import ROOT, imported

    covered, seen = set(catalogue.computing_sources()), set()
    waiting = ["lab.analysis", "lab.attacks", "lab.training", "lab.models", "lab.data"]
    while waiting:
        name = waiting.pop()
        place = ROOT / name.replace(".", "/")
        path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        assert path in covered, f"{path} takes part in results, but not in their keys"
        waiting += [each for each in imported(path) if each.startswith("lab")]
    assert ROOT / "lab/context.py" in seen


def test_a_builder_may_load_one_of_our_models():
    put(
        mine="from lab.models import load\nfrom lab.specs import Trained\ndef build(): return load(Trained('standard'))"
    )
    assert identity(Custom("mine:build")) == identity(Custom("mine:build"))

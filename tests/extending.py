"""What docs/extending.md adds to the lab: run in a process of its own, whose registers nobody else needs.

``LAB_PLUGINS`` names the package that was written from the document; what was found is printed as JSON at the end.
"""

import asyncio
import json
import sys
from pathlib import Path

from lab import catalogue
from lab.cli.main import main
from lab.cost import cost, effort
from lab.keys import asked_key
from lab.specs import PGD, Preview, Recipe, from_json, presets, to_json
from lab.specs.attacks import AttackSpec
from lab.specs.spec import family_of
from tests.widgets.engine import FakeEngine

HERE = Path()  # an empty folder but for the plug-in


def listed() -> dict:
    """Before anything computes: what the lists, the registers and the keys have."""
    for what in ("attacks", "recipes", "analyses", "data"):
        assert main(["list", what]) == 0
    import mine

    assert from_json(to_json(mine.TwoSteps(0.25))) == mine.TwoSteps(0.25)
    return {
        "attacks": [each.__name__ for each in family_of(AttackSpec)],
        "recipes": [*(each.__name__ for each in family_of(Recipe)), *(each.name for each in presets.every())],
        "data": {card.name: card.note for card in catalogue.data_sets()},
        "passes": [cost(mine.Confidence(images=7)).passes, effort(mine.TwoSteps(), None).passes],
        "training passes": cost(mine.LogitPairing()).passes,
        "key": asked_key(Preview()),
    }


async def drawn() -> dict:
    """The page, and forms that offer the attack, as a kernel has them."""
    from widgets.dashboards.app import App
    from widgets.parts.forms import Variant

    engine = FakeEngine()
    app = App(engine)
    app.visit("confidence")
    page = app.pages["confidence"]
    form = Variant(PGD(), family_of(AttackSpec), "Attack")
    import mine

    form.write(mine.TwoSteps(0.75))
    return {
        "tabs": [each["name"] for each in app.navigation.pages],
        "asked": to_json(page.settings()),
        "code": page.code(),
        "form": [form.read().first, form.form.parts["first"].label],
    }


def computed() -> dict:
    """What computes: the attack, the analysis and its page's figure, the loss, the reader."""
    assert main(["attack", "--attack", "TwoSteps", "--eps", "0.1", "--images", "8", "--set", "first=0.25"]) == 0
    assert (
        main(
            [
                "analyse",
                "Confidence",
                "--model",
                "standard",
                "--set",
                "images=5",
                "--csv",
                "rows.csv",
                "--npz",
                "found.npz",
            ]
        )
        == 0
    )
    import mine
    import torch

    from lab.context import Context
    from lab.data import load
    from lab.models import build
    from lab.results.result import unpack
    from lab.training.losses import batch_loss
    from lab.training.step import Batch, Moment
    from tests.data.published_files import mnist_files, put

    mine_pages = sys.modules["mine.pages"]
    result = unpack((HERE / "found.npz").read_bytes())
    put(HERE / "data" / "KMNIST" / "raw", mnist_files())
    data = load(mine.KMNIST())
    x, y = data.test.images(slice(4)), data.test.labels(slice(4))
    recipe = mine.LogitPairing(attack=PGD(steps=1))
    model = build(recipe.architecture, data.shape, 10, torch.Generator().manual_seed(0))
    step = batch_loss(recipe, model.train(), Batch(x, y, torch.arange(4), None), Moment(0, 0.0), Context())
    step.loss.backward()
    return {
        "rows": (HERE / "rows.csv").read_text().splitlines()[0],
        "confidence": [list(result.models), result.confidence.shape, float(result.confidence.min())],
        "traces": [len(mine_pages.histograms(each).data) for each in (None, result)],
        "data": [data.name, len(data.train), data.class_names[1]],
        "metrics": sorted(step.metrics),
        "learns": all(each.grad is not None for each in model.parameters()),
    }


if __name__ == "__main__":
    found = {"listed": listed(), "drawn": asyncio.run(drawn())}
    found["light"] = "torch" not in sys.modules
    found["computed"] = computed()
    print(json.dumps(found))

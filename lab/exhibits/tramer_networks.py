"""The networks of Tramèr et al. 2018 on MNIST with their recipes at each scale."""

from __future__ import annotations

from collections.abc import Sequence

from lab.exhibits.networks import Build, add, models
from lab.exhibits.recipes import Form, at, recipe, standard
from lab.exhibits.scales import Scale
from lab.specs import presets
from lab.specs.attacks import FGSM
from lab.specs.examples import TRAINING, EnsembleExamples
from lab.specs.models import InputDropout, MadryMNIST, SmallCNN, TramerA, TramerB, TramerBStar, TramerC, TramerD
from lab.specs.recipes import Recipe

FORMS: dict[str, Form] = {
    "A": at(SmallCNN(), TramerA()),
    "B": at(InputDropout(SmallCNN()), TramerB()),
    "Bstar": at(SmallCNN(), TramerBStar()),
    "C": at(MadryMNIST(0.25), TramerC()),
    "D": lambda _: TramerD(),
}
_SEEDS = {"A": 0, "B": 1, "Bstar": 1, "C": 3, "D": 5}
_STANDARD = {"A": "standard", "Bstar": "standard-b", "C": "digits-v4", "D": "digits-ResNet"}
_OTHERS = {"A": ("A", "C", "D"), "B": ("B", "C", "D"), "C": ("A", "C", "D"), "D": ("A", "C", "D")}


def _ensemble(names: Sequence[str], form: Form, seed: int) -> Build:
    def build(scale: Scale) -> Recipe:
        source = EnsembleExamples(FGSM(labels="predicted"), models(names, scale), mode=TRAINING)
        return recipe(presets.ensemble_training, form, seed, source=source)(scale)

    return build


for _name, _form in FORMS.items():
    _seed = _SEEDS[_name]
    _about = "B without dropout on its input, " if _name == "Bstar" else ""
    add(_name, f"{_about}standard training", standard(_form, _seed), _STANDARD.get(_name, ""))
    _fgsm = recipe(presets.fgsm_training, _form, _seed)
    add(f"{_name}_adv", f"{_about}FGSM training", _fgsm, "fgsm-trained" if _name == "A" else "")
for _name, _others in _OTHERS.items():
    _ens, _ens3 = _ensemble((_name,), FORMS[_name], 20), _ensemble(_others, FORMS[_name], 30)
    add(
        f"{_name}_adv-ens",
        f"ensemble training with {_name}",
        _ens,
        "ensemble-trained" if _name == "A" else "",
        (_name,),
    )
    add(f"{_name}_adv-ens3", f"ensemble training with {', '.join(_others)}", _ens3, after=_others)
    add(f"{_name}-held-out", "standard training from another seed", standard(FORMS[_name], 40))

"""One attack on one model: the adversarial examples and the judge's verdict on them."""

import time
from dataclasses import replace

import numpy as np
from torch import Tensor, nn

from lab import attacks
from lab.analysis.analyse import analyse
from lab.context import Context
from lab.data import load as load_data
from lab.models import default_device, instability_of, load as load_model
from lab.results.single_attack import SingleAttackResult
from lab.specs.single_attack import SingleAttack

LEVELS = 256  # of a pixel in 8 bits


@analyse.register
def single_attack(spec: SingleAttack, ctx: Context) -> SingleAttackResult:
    """Attack the first test images, once more where random starts may help, and judge."""
    data = load_data(spec.data, ctx.named("reading the data"))
    model, test = load_model(spec.models[0]), data.test
    index = range(min(spec.images, len(test)))
    x, y = test.images(index), test.labels(index)

    start, gain = time.perf_counter(), None
    x_adv = _examples(spec, model, x, y, ctx.named("transferring" if spec.sources else "attacking"))
    if spec.retried:
        again = ctx.named("running one more restart")
        x_adv, gain = attacks.further_restart(spec.attack, model, x, y, x_adv, spec.ball, again)
    seconds = time.perf_counter() - start
    classes = data.classes if data.gapless else None
    verdict = attacks.judge(x, y, x_adv, model, spec.ball, LEVELS if spec.eight_bit else None, classes)
    verdict = replace(verdict, seconds=seconds)
    return SingleAttackResult(
        spec,
        verdict if gain is None else verdict.beside_restart(gain),
        x_adv.float().cpu().numpy() if spec.kept else np.empty(0, np.float32),
        spec.bfloat16 and attacks.computes_bfloat16(default_device()),
        data.notes,
        instability_of(spec.models[0]),
    )


def _examples(spec: SingleAttack, model: nn.Module, x: Tensor, y: Tensor, ctx: Context) -> Tensor:
    """The adversarial examples (n, …), made on the source where there is one."""
    make = attacks.maximise if spec.largest else attacks.attack_in_bfloat16 if spec.bfloat16 else attacks.attack
    attacked = load_model(spec.sources[0]) if spec.sources else model
    return make(spec.attack, attacked, x, y, spec.ball, ctx)

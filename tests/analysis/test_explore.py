"""One image under attack: what comes first, what it says, and that no failing attack hides the others."""

import numpy as np
import pytest

from lab.analysis import analyse, explore as module
from lab.attacks import maximise
from lab.context import Cancelled, Context
from lab.cost import cost
from lab.data import load as load_data
from lab.errors import AttackError, SpecError
from lab.models import load as load_model
from lab.results import pack, unpack
from lab.specs import APGD, FGSM, L2, PGD, AutoAttack, Digits, Explore, Linf, Square, Trained
from lab.specs.attacks import AttackSpec
from lab.specs.explore import SCALES, shortened
from lab.specs.spec import family_of

MODELS = (Trained("standard"), Trained("pgd-trained"))


@pytest.fixture
def few(monkeypatch):
    """Two attacks in the comparison instead of all, and no wait before it."""
    monkeypatch.setattr(Explore, "compared", property(lambda self: (FGSM(), self.attack)))
    monkeypatch.setattr(module, "LULL", 0)
    monkeypatch.setattr(module, "REST", 0)


@pytest.mark.slow  # every attack whole, twice; the page's test asks the same of one model
def test_every_attack_has_a_place_for_every_model():
    result = analyse(Explore(models=MODELS), Context())
    kinds = family_of(AttackSpec)
    assert [(type(each.attack), each.model) for each in result.tried] == [
        (kind, model.name) for kind in kinds for model in MODELS
    ]
    assert {type(each.attack) for each in result.tried if not each.error} >= {FGSM, PGD}
    assert len(result.to_frame()) == len(kinds) * len(MODELS)


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_the_chosen_attack_comes_first_then_the_scales_then_the_others():
    partial = []
    result = analyse(Explore(models=MODELS), Context(on_partial=partial.append))
    assert [(len(each.models), len(each.sweeps), len(each.tried)) for each in partial] == [
        (2, 0, 0), (2, 2, 0), (2, 2, 1), (2, 2, 2), (2, 2, 3),
    ]  # fmt: skip
    assert (len(result.tried), result.done) == (4, 1.0)
    assert [each.done for each in partial] == sorted(each.done for each in partial)


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_a_further_random_start_that_fools_the_image_counts_from_the_scales_on():
    weak, partial = PGD(steps=1, step_size=0.05), []
    spec = Explore(image=1, attack=weak, ball=Linf(0.15))
    result = analyse(spec, Context(on_partial=partial.append))
    [model], [first] = result.models, partial[0].models
    assert first.adversarial.argmax() == result.y != model.adversarial.argmax()
    assert not np.array_equal(first.x_adv, model.x_adv)
    assert first.margin[-1] > 0 > model.margin[-1]
    assert len(model.loss) == len(first.loss)
    assert [each.models[0].health.restart_gain for each in partial] == [None, 1.0, 1.0]
    assert any("One further random start fooled" in each for each in model.health.warnings)
    assert result.to_frame()["prediction"][0] == model.adversarial.argmax()
    [strong] = analyse(spec.replace(attack=PGD(restarts=5)), Context()).models
    assert strong.health.restart_gain == 0


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_ours_is_the_same_at_every_scale_and_the_plain_gradient_is_fooled():
    [sweep] = analyse(Explore(ball=Linf(0.2)), Context()).sweeps
    assert len(sweep.fooled_ours) == len(SCALES)
    assert (sweep.fooled_ours == 1).all()
    assert sweep.fooled_plain[0] == 1
    assert (sweep.fooled_plain[2:] == 0).all()
    assert sweep.loss_plain[-1] < 0.01 < sweep.loss_ours[-1]


@pytest.mark.slow
@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("ball", [Linf(0.2), L2(3.0)])
def test_a_scaled_model_is_misread_as_before(ball):
    spec = Explore(ball=ball, attack=PGD(step_size=ball.eps / 10))
    results = [analyse(spec.replace(logit_scale=scale), Context()).models[0] for scale in (1.0, 1e4)]
    assert [int(each.adversarial.argmax()) for each in results] == [3, 3]
    assert results[1].clean == pytest.approx(results[0].clean * 1e4, rel=1e-5)
    assert any("saturated" in each for each in results[1].health.warnings)


@pytest.mark.usefixtures("few")
def test_the_path_leads_from_the_start_to_the_adversarial_image():
    attack = PGD(steps=7)
    [model] = analyse(Explore(attack=attack, seed=3), Context(seed=3)).models
    assert (len(model.loss), model.by_gradient) == (8, True)
    others = np.delete(model.adversarial, 2)
    assert model.margin[-1] == pytest.approx(model.adversarial[2] - others.max())
    split = load_data(Digits()).test
    alone = maximise(attack, load_model(MODELS[0]), split.images([0]), split.labels([0]), Linf(0.2), Context(seed=3))
    assert np.array_equal(model.x_adv, alone[0].cpu().numpy())


@pytest.mark.usefixtures("few")
def test_an_attack_of_one_step_has_a_start_and_an_end():
    [model] = analyse(Explore(attack=FGSM()), Context()).models
    assert len(model.loss) == len(model.margin) == 2


@pytest.mark.usefixtures("few")
def test_nothing_differs_when_nothing_may():
    result = analyse(Explore(ball=Linf(0.0)), Context())
    assert result.distances(result.models[0]) == (0.0, 0.0, 0)
    assert {(each.linf, each.l0) for each in result.tried} == {(0.0, 0)}


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_an_attack_that_fails_says_so_and_hides_no_other(monkeypatch):
    proposed = module.proposed

    def broken(attack, *rest):
        if isinstance(attack, FGSM):
            raise AttackError("There is nothing to follow.")
        return proposed(attack, *rest)

    monkeypatch.setattr(module, "proposed", broken)
    assert [each.error for each in analyse(Explore(), Context()).tried] == ["There is nothing to follow.", ""]
    result = analyse(Explore(attack=FGSM()), Context())
    [model] = result.models
    assert (model.error, model.health) == ("There is nothing to follow.", None)
    assert np.array_equal(model.x_adv, result.x)


def test_it_stops_when_nobody_waits():
    partial = []
    with pytest.raises(Cancelled):
        analyse(Explore(), Context(on_partial=partial.append, cancelled=lambda: bool(partial)))
    assert len(partial) == 1


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_a_result_survives_the_store():
    result = analyse(Explore(models=MODELS), Context())
    again = unpack(pack(result))
    assert again.spec == result.spec
    assert np.array_equal(again.models[1].loss, result.models[1].loss)
    assert again.models[0].health.warnings == result.models[0].health.warnings
    assert again.tried[0].attack == result.tried[0].attack


def test_an_image_that_is_not_there_is_refused():
    with pytest.raises(SpecError, match="no test image 360"):
        analyse(Explore(image=360), Context())


@pytest.mark.parametrize("models", [(), (MODELS[0], MODELS[0]), tuple(Trained(name) for name in "abcd")])
def test_one_to_three_different_models(models):
    with pytest.raises(SpecError, match="1 to 3"):
        Explore(models=models)


def test_its_cost_counts_models_steps_and_restarts():
    one, two = Explore(attack=PGD(steps=10)), Explore(attack=PGD(steps=10), models=MODELS)
    assert cost(two).passes == 2 * cost(one).passes
    assert cost(Explore(attack=PGD(steps=1000, restarts=100_000))).passes > 10**8
    assert shortened(PGD(steps=1000, restarts=9)) == PGD(steps=100)
    stages = (APGD(steps=500, restarts=5), Square(queries=5000))
    assert shortened(AutoAttack(stages)) == AutoAttack((APGD(), Square(queries=1000)))

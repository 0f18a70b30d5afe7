"""The analysis: several models side by side, what is known so far, and resuming."""

import numpy as np
import pytest

from lab import limits
from lab.analysis import analyse, kept_stages
from lab.analysis.evaluation import undefended
from lab.attacks import attack, rounds
from lab.attacks.evaluation import evaluate
from lab.context import Cancelled, Context
from lab.cost import cost
from lab.data import load as load_data
from lab.errors import EngineError, FieldError
from lab.models import load as load_model
from lab.specs import MNIST, Digits, Evaluation, Linf, Trained

MODELS = (Trained("standard"), Trained("rfgsm-trained"))
SMALL = Evaluation(models=MODELS, ball=Linf(0.25), images=10)


@pytest.mark.slow
def test_every_model_gets_what_it_gets_alone():
    shown = []
    result = analyse(SMALL, Context(on_partial=shown.append))
    assert [each.model for each in result.models] == ["standard", "rfgsm-trained"]
    assert result.done == 1
    assert 0 < shown[0].done < 1
    assert [each.done for each in shown] == sorted(each.done for each in shown)
    test = load_data(Digits()).test
    alone = evaluate(load_model(MODELS[1]), test.images(range(10)), test.labels(range(10)), SMALL.ball)
    np.testing.assert_array_equal(result.models[1].robust, alone.robust)
    assert len(result.to_frame()) == sum(len(each.stages) + 1 for each in result.models)


def test_more_images_than_there_are_means_all_of_them():
    spec = SMALL.replace(models=MODELS[:1], images=1_000_000)
    shown = []

    def stop(partial):
        shown.append(partial)
        raise Cancelled

    with pytest.raises(Cancelled):
        analyse(spec, Context(on_partial=stop))
    assert shown[0].models[0].n == len(load_data(Digits()).test)


@pytest.mark.slow
def test_an_interrupted_evaluation_resumes(monkeypatch, tmp_path):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.setattr(rounds, "WORTH_KEEPING", 0.0)
    attacked = []

    def counted(spec, *rest):
        attacked.append(type(spec).__name__)
        return attack(spec, *rest)

    monkeypatch.setattr(rounds, "attack", counted)
    spec = SMALL.replace(models=(Trained("pgd-trained"),), images=4, seed=7)
    enough = []

    def partial(result):
        if [each.done for each in result.models[0].stages[:2]] == [1, 1]:
            enough.append(result)

    with pytest.raises(Cancelled):
        analyse(spec, Context(on_partial=partial, cancelled=lambda: bool(enough)))
    before = attacked.copy()
    assert before[:2] == ["FGSM", "MultiTargeted"]
    attacked.clear()
    resumed = analyse(spec, Context())
    assert "FGSM" not in attacked
    first = resumed.models[0].stages[1]
    assert first.passes > 0
    assert first.seconds > 0
    monkeypatch.setattr("lab.analysis.evaluation.kept_stages", lambda *_: None)
    anew = analyse(spec, Context())
    np.testing.assert_array_equal(resumed.models[0].broken_by, anew.models[0].broken_by)


def test_stages_are_kept_for_that_request_and_model_only():
    names = {
        kept_stages.kept_stages(spec, model)._key("0 FGSM 0")
        for spec in (SMALL, SMALL.replace(seed=1), SMALL.replace(ball=Linf(0.1)), SMALL.replace(images=11))
        for model in MODELS
    }
    assert len(names) == 8
    alone = kept_stages.kept_stages(SMALL.replace(models=MODELS[:1]), MODELS[0])
    assert alone._key("0 FGSM 0") in names


def test_the_sources_of_transfer_are_undefended_models_of_these_data():
    assert [name for name, _ in undefended(Digits(), Trained("pgd-trained"))] == ["flat-standard", "standard-b"]
    assert "standard-b" not in dict(undefended(Digits(), Trained("standard-b")))
    of_mnist = [name for name, _ in undefended(MNIST(), Trained("standard"))]
    assert of_mnist == ["mnist-flat-standard", "mnist-standard-b"]


def test_what_is_asked_is_bounded(monkeypatch):
    with pytest.raises(FieldError, match="different ones"):
        Evaluation(models=(Trained("standard"),) * 2)
    with pytest.raises(FieldError, match="budget"):
        Evaluation(budget="long")
    assert (
        cost(SMALL).passes
        < cost(SMALL.replace(budget="standard")).passes
        < cost(SMALL.replace(budget="thorough")).passes
    )
    assert cost(SMALL).passes < cost(SMALL.replace(images=200)).passes
    monkeypatch.setenv("LAB_MAX_GRADIENT_STEPS", "1000")
    with pytest.raises(EngineError, match="Evaluation would take"):
        limits.require_modest(SMALL)

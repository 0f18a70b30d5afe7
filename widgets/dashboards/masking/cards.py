"""The verdict on each model: in words, with its reasons, and what would settle it."""

from lab.counts import counted
from lab.results import MaskingResult, ModelMasking
from lab.results.health_findings import Kind
from lab.results.masking_verdict import Sign, verdict
from lab.specs.threat import threat
from widgets.parts.gallery import Badge, Card
from widgets.theme import model_paint


def verdict_cards(result: MaskingResult) -> list[Card]:
    """A card for each model examined so far."""
    return [_card(result, model) for model in result.models]


def verdict_note(result: MaskingResult) -> str:
    """For which ball, on how many images, and what is still to come."""
    coming = f" · {_coming(result)} to come" if result.done < 1 else ""
    return f"{threat(result.spec.ball)} · {counted(len(result.y), 'image')} · ✗ a sign of masking, ✓ not found{coming}"


def _coming(result: MaskingResult) -> str:
    models = len(result.spec.models) - len(result.models)
    if models:
        return counted(models, "model")
    radii = len(result.spec.radii) - min(len(each.radii) for each in result.models)
    if any(each.evaluation is None for each in result.models):
        return "the evaluation"
    return f"{radii} ε" if radii else "orthogonal directions"


def _card(result: MaskingResult, model: ModelMasking) -> Card:
    found = verdict(result, model)
    signs = sorted(found.signs, key=lambda sign: not sign.found)
    complaints: list[Badge] = [{"words": f"Health: {each}", "good": False} for each in _health(model)]
    so_far = " so far" if result.done < 1 else ""
    return {
        "title": f"{model.model}{so_far}: {found.words}",
        "colour": model_paint(model.model),
        "pictures": [],
        "facts": [*found.findings, f"What would settle it: {found.settle}", *_facts(result, model)],
        "badges": [*map(_badge, signs), *complaints],
    }


def _badge(sign: Sign) -> Badge:
    return {"words": f"{'✗' if sign.found else '✓'} {sign.name}: {sign.words}", "good": not sign.found}


def _facts(result: MaskingResult, model: ModelMasking) -> list[str]:
    leaked = result.leaked(model)
    own = int(leaked[model.radii.index(result.spec.ball.eps)].sum())
    most = int(leaked.sum(1).max())
    elsewhere = f" (at most {most} at any ε)" if most != own else ""
    return [
        f"Gradient norm {model.gradient_norm.mean():.2g} · cosine of FGSM and PGD {model.cosine.mean():.2f}",
        f"Labels leaked: {own} of {len(result.y)}{elsewhere}",
    ]


def _health(model: ModelMasking) -> list[str]:
    """Return the findings besides gradients that are exactly zero, which are a sign of their own."""
    return [each.sentence() for each in model.health.findings if each.kind != Kind.ZERO_GRADIENT]

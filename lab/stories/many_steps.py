"""The story of many steps from many starts. Madry, Makelov, Schmidt, Tsipras, Vladu 2017, §2.1, §3.1 and §4."""

from lab.counts import percent
from lab.results.curves import CurvesResult
from lab.results.restarts import RestartsResult
from lab.specs.analyses import Restarts
from lab.specs.attacks import PGD
from lab.specs.balls import Linf
from lab.specs.curves import RobustnessCurves
from lab.specs.models import Trained
from lab.stories.story import Amount, Story, StoryOutcome, StoryStep
from lab.stories.words import of

_STANDARD, _ROBUST = Trained("standard"), Trained("pgd-trained")


def _spread(result: RestartsResult) -> tuple[float, float]:
    """The mean final loss of the one model on the one image, and its standard deviation as a fraction of that."""
    final = result.models[0].final_loss[:, 0]
    return float(final.mean()), float(final.std() / final.mean())


def _concentrated(result: RestartsResult) -> StoryOutcome:
    mean, spread = _spread(result)
    final = result.models[0].final_loss[:, 0]
    words = (
        f"{len(final)} starts end at losses from {final.min():.3g} to {final.max():.3g}; their standard deviation is "
        f"{percent(spread, 1)} of the mean of {mean:.3g}."
    )
    return StoryOutcome(words, 0 if spread < 0.1 else 1 if spread < 0.5 else 2)


def _apart(result: RestartsResult) -> StoryOutcome:
    reached = float(result.models[0].distance[0].mean())
    random = float(result.random_distance[0].mean())
    words = f"End points lie {reached:.3g} apart on average (L2), random points of the same ball {random:.3g}."
    return StoryOutcome(words, 0 if reached < 0.25 * random else 1)


def _lowered(result: RestartsResult) -> StoryOutcome:
    (name, first), (other, second) = ((each.model, float(each.final_loss.mean())) for each in result.models)
    words = f"PGD ends at a mean loss of {first:.3g} on {name} and of {second:.3g} on {other}."
    ratio = max(first, second) / max(min(first, second), 1e-9)
    return StoryOutcome(words, 2 if ratio < 1.5 else int(second > first))


def _price(result: CurvesResult) -> StoryOutcome:
    plain, robust = result.models
    clean = [float(each.right[0, 0].mean()) for each in (plain, robust)]
    kept = [each.right[0, -1] for each in (plain, robust)]
    words = (
        f"Without an attack {plain.model} classifies {percent(clean[0])} correctly and {robust.model} "
        f"{percent(clean[1])}; at ε {result.spec.ball.eps:g} PGD leaves them {of(kept[0])} and {of(kept[1])}."
    )
    return StoryOutcome(words, round(100 * (clean[0] - clean[1])))


STORY = Story(
    "many-steps",
    "PGD and the saddle point",
    "What is the worst image within ε, and what does training on it cost?",
    "3_pgd_and_the_saddle_point.ipynb",
    (
        StoryStep(
            "concentration",
            "pgd-restarts",
            Restarts(models=(_STANDARD,), images=(0,), attack=PGD(steps=40, restarts=50), ball=Linf(0.3)),
            "PGD starts at 50 random points around one digit, up to 0.6 apart in every pixel. How far apart are the "
            "losses at which it ends?",
            ("almost alike: they spread by less than 10%", "somewhat: by 10% to 50%", "all over: by more than 50%"),
            _concentrated,
        ),
        StoryStep(
            "distance",
            "pgd-restarts",
            Restarts(models=(_STANDARD,), images=(5,), attack=PGD(steps=40, restarts=50), ball=Linf(0.3)),
            "Another digit, 50 starts again. Do they all end at the same image?",
            ("yes: they end close to each other", "no: they end far apart"),
            _apart,
        ),
        StoryStep(
            "lower-loss",
            "pgd-restarts",
            Restarts(models=(_STANDARD, _ROBUST), images=(0, 1), attack=PGD(steps=40, restarts=50), ball=Linf(0.3)),
            "pgd-trained was trained on the images that PGD finds. On which model does PGD end at the higher loss?",
            ("standard", "pgd-trained", "both alike"),
            _lowered,
        ),
        StoryStep(
            "price",
            "robustness-curves",
            RobustnessCurves(
                models=(_STANDARD, _ROBUST), attacks=(PGD(steps=20),), ball=Linf(0.3), levels=3, images=100, searched=0
            ),
            "Robustness has a price: by how many percentage points is pgd-trained less accurate than standard on clean "
            "images?",
            Amount(" points", 0, 100, 4),
            _price,
        ),
    ),
)

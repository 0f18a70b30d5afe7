"""Origins of the settings in the studio's form: a recipe of the papers, an experiment, another run, a link."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from lab.specs import Recipe, papers
from lab.specs.presets import Preset
from widgets.controls import Choice, Option
from widgets.dashboards.studio.start import Trial

METHODS, WHOLE = "Methods on your data", "Whole trainings of the papers"
"""The groups of recipes that the list shows."""


@dataclass(frozen=True)
class Origin:
    """Origin of the form's settings: its recipe, a name for the run, its title and a sentence about it.

    ``group`` is the heading of the list under which it stands.
    """

    recipe: Recipe
    name: str
    label: str
    note: str = ""
    group: str = ""

    def option(self, changed: bool = False) -> Option:
        """The same to choose from; ``changed`` if the form has another recipe by now."""
        note = f"{self.note} Changed since." if changed else self.note
        return Option(value=self.label, label=self.label, note=note.strip(), group=self.group)


@cache
def of_preset(preset: Preset) -> Origin:
    """A recipe of the papers."""
    note = " ".join(filter(None, [preset.meaning, f"{preset.paper}." if preset.paper else ""]))
    return Origin(preset.build(), preset.name, preset.name, note, WHOLE if preset.whole else METHODS)


def of_trial(trial: Trial) -> Origin:
    """An experiment worth trying."""
    return Origin(trial.recipe, trial.name, f"experiment: {trial.title}")


def of_run(name: str, recipe: Recipe) -> Origin:
    """Another run, whose recipe is taken over."""
    return Origin(recipe, name, f"recipe of {name}", f"The recipe of {name}, for a run under another name.")


class StartFrom(Choice):
    """The papers' recipes to start from and, while it is none of them, what the form was filled with instead."""

    def __init__(self) -> None:
        self.presets: Sequence[Origin] = [of_preset(each) for each in papers.named()]
        super().__init__(
            label="Start from",
            help="A method on your data, or a paper's whole training: its data, architecture and length, too.",
        )
        self.show(self.presets[0])

    def show(self, origin: Origin, recipe: Recipe | None = None) -> None:
        """Say that the form was filled with this, and whether its recipe is another one by now."""
        changed = recipe is not None and recipe != origin.recipe
        others = [] if origin.label in [each.label for each in self.presets] else [origin.option(changed)]
        presets = [each.option(changed and each.label == origin.label) for each in self.presets]
        with self.hold_sync():
            self.options = [*others, *presets]
            self.value = origin.label

    def preset(self) -> Origin | None:
        """The recipe of the papers that is chosen; None for what no paper has, or a browser made up."""
        return next((each for each in self.presets if each.label == self.value), None)

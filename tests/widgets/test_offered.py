"""A form offers the kinds of attacks and threat models that its spec takes, and no other."""

from typing import Any, get_type_hints

import pytest

from lab.errors import FieldError
from lab.specs import AttackSpec, Ball, Recipe, Spec, params
from lab.specs.analyses import Analysis
from lab.specs.capabilities import NORM_BALLS
from lab.specs.spec import family_of, parse_field
from tests.widgets.engine import FakeEngine
from widgets.dashboards.app import PAGES
from widgets.parts.attacks import Attacks
from widgets.parts.forms import Variant, part_for
from widgets.parts.lists import Variants

pytestmark = pytest.mark.usefixtures("cards")


def families(spec: Spec) -> dict[str, type[Spec]]:
    """The fields of a spec that hold attacks or a threat model, with the family that these are of."""
    values = {name: getattr(spec, name) for name in params(spec)}
    found = {name: value[0] if isinstance(value, tuple) and value else value for name, value in values.items()}
    return {name: family for name, value in found.items() for family in (AttackSpec, Ball) if isinstance(value, family)}


def of_one_kind(hint: Any) -> bool:
    """Return whether a field holds always the same kind of spec, so that there is nothing to choose."""
    return isinstance(hint, type) and not hint.__subclasses__()


FIELDS = [
    pytest.param(spec, name, family, id=f"{type(spec).__name__}.{name}")
    for spec in [kind() for each in (Analysis, Recipe) for kind in family_of(each)]
    for name, family in families(spec).items()
    if not of_one_kind(get_type_hints(type(spec))[name])
]


def taken(spec: Spec, name: str, kind: type[Spec]) -> bool:
    try:
        spec.replace(**{name: (kind(),) if isinstance(getattr(spec, name), tuple) else kind()})
    except FieldError:
        return False
    return True


def offered(part: Any) -> list[str]:
    choice = part.kind if isinstance(part, Variant) else part.kinds if isinstance(part, Variants) else part.chosen
    return [each["value"] for each in choice.options]


@pytest.mark.parametrize(("spec", "name", "family"), FIELDS)
def test_a_form_offers_what_the_spec_takes(spec, name, family):
    takes = [kind.__name__ for kind in family_of(family) if taken(spec, name, kind)]
    assert takes
    assert offered(part_for(spec, name, params(spec)[name])) == takes


@pytest.mark.parametrize(("spec", "name", "family"), FIELDS)
def test_where_no_attack_can_be_chosen_only_the_norms_of_gradient_attacks_are_taken(spec, name, family):
    """Other threat models have one attack each, which the analysis would have to run."""
    chooses = any(each is AttackSpec for each in families(spec).values()) or hasattr(spec, "source")
    if family is Ball and not chooses:
        assert [kind for kind in family_of(Ball) if taken(spec, name, kind)] == list(NORM_BALLS)
    for kind in family_of(family):
        if not taken(spec, name, kind):
            with pytest.raises(FieldError, match=f"{type(spec).__name__}.{name} .* L∞ or L2, but"):
                spec.replace(**{name: parse_field(type(spec), name, kind.__name__)})


@pytest.mark.parametrize("place", [each.name for each in PAGES])
async def test_every_page_offers_what_its_spec_takes(place, engine: FakeEngine):
    [page] = [each.build(engine) for each in PAGES if each.name == place]
    parts = getattr(page.form, "parts", {})
    for name, part in parts.items():
        if not isinstance(part, Variant | Variants | Attacks) or name not in families(spec := page.settings()):
            continue
        for kind in family_of(families(spec)[name]):
            assert (kind.__name__ in offered(part)) == taken(spec, name, kind), (name, kind)

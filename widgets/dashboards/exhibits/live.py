"""From an exhibit to the page that shows its experiment live."""

from lab.exhibits import Exhibit, Scale
from lab.specs import params
from lab.specs.spec import title_of
from widgets.parts.links import Link


def links(exhibit: Exhibit, scale: Scale) -> list[Link]:
    """The link to the page of the exhibit's first analysis; none where it has no analysis."""
    spec = exhibit.live(scale)
    if spec is None:
        return []
    label = f"Open the live page with these settings ({title_of(spec)})"
    return [Link(label, type(spec), {name: getattr(spec, name) for name in params(spec)})]

"""What the page tests ask of the pages, small and the same in all files: the server computes it once."""

from lab.specs import Analysis, Trained
from widgets.dashboards.curves import page as curves
from widgets.dashboards.embedding import page as embedding
from widgets.dashboards.evaluation import page as evaluation
from widgets.dashboards.explore import page as explore
from widgets.dashboards.masking import page as masking
from widgets.dashboards.restarts import page as restarts
from widgets.dashboards.surface import page as surface
from widgets.dashboards.transfer import page as transfer

ASKED: dict[str, Analysis] = {
    "pgd-restarts": restarts.DEFAULT,
    "attack-explorer": explore.DEFAULT,
    "evaluation": evaluation.DEFAULT.replace(images=20, models=(Trained("standard"), Trained("pgd-trained"))),
    "loss-surface": surface.DEFAULT.replace(points=21),
    "masking": masking.DEFAULT.replace(images=40, steps=20, eps=(0.1, 0.3)),
    "transfer": transfer.DEFAULT.replace(images=30),
    "embeddings": embedding.DEFAULT.replace(models=tuple(map(Trained, embedding.FLAT)), averaged=4, levels=5),
    "robustness-curves": curves.DEFAULT.replace(images=15, searched=1),
}
"""By a page's name in the address."""

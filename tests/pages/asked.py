"""What the page tests ask of the pages, small and the same in all files: the server computes it once."""

from lab.specs import Analysis, Trained
from widgets.dashboards import curves, embedding, evaluation, explore, masking, restarts, surface, transfer

ASKED: dict[str, Analysis] = {
    "pgd-restarts": restarts.DEFAULT,
    "attack-explorer": explore.DEFAULT,
    "evaluation": evaluation.DEFAULT.replace(images=20, models=(Trained("standard"), Trained("pgd-trained"))),
    "loss-surface": surface.DEFAULT,
    "masking": masking.DEFAULT.replace(images=40, steps=20),
    "transfer": transfer.DEFAULT.replace(images=60),
    "embeddings": embedding.DEFAULT.replace(models=tuple(map(Trained, embedding.FLAT)), averaged=8),
    "robustness-curves": curves.DEFAULT.replace(images=60, searched=10),
}
"""By a page's name in the address."""

"""Catalogue: the data sets and trained models there are, and what of them decides a result. No PyTorch."""

from lab.catalogue.data_cards import (
    DataCard as DataCard,
    data_card as data_card,
    data_problems as data_problems,
    data_sets as data_sets,
    find_data as find_data,
)
from lab.catalogue.deciding import (
    computing_sources as computing_sources,
    content as content,
    fingerprints as fingerprints,
    implementation as implementation,
    parts as parts,
    require_listed as require_listed,
)
from lab.catalogue.model_cards import (
    ModelCard as ModelCard,
    find_card as find_card,
    find_model as find_model,
    models as models,
    problems as problems,
    shipped_on as shipped_on,
    trained_as as trained_as,
)

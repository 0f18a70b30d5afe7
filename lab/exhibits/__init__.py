"""The papers' figures and tables by number: what each shows and claims, the paper's values, and how it is measured.

Descriptions and stored results need no PyTorch. Whoever measures gives a function that answers analyses.
"""

from lab.exhibits.exhibit import (
    PAPERS as PAPERS,
    Claim as Claim,
    Exhibit as Exhibit,
    judged as judged,
)
from lab.exhibits.listed import EXHIBITS as EXHIBITS, find as find, of_paper as of_paper
from lab.exhibits.measure import measure as measure
from lab.exhibits.networks import ensure as ensure, missing as missing, played as played
from lab.exhibits.scales import SCALES as SCALES, Scale as Scale
from lab.exhibits.sentences import (
    effect as effect,
    finding as finding,
    numbers as numbers,
    value as value,
    verdict as verdict,
)
from lab.exhibits.stored import (
    SHIPPED as SHIPPED,
    is_stale as is_stale,
    own_folder as own_folder,
    read as read,
    shipped as shipped,
    write as write,
)

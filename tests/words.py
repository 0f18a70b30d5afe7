"""The words that no user text of the lab uses, and what to write instead: the list's one home."""

import re
from typing import NamedTuple


class Word(NamedTuple):
    """A left-out word: its pattern, and the field's word. ``but`` are the phrases in which it is right."""

    pattern: str
    write: str
    but: str = ""

    def uses(self, text: str) -> list[str]:
        """The uses of the word in a text, without the allowed phrases."""
        spared = re.sub(self.but, " … ", text) if self.but else text
        return [found[0] for found in re.finditer(self.pattern, spared)]


WORDS = (
    Word(r"\b[Mm]isread\w*", "misclassified"),
    Word(
        r"\b[Rr]ead (?:rightly|wrongly|right|wrong|correctly)\b|\bread as (?:\{|\d|first)|\b(?:is it|class is) read\b"
        r"|\b(?:model|network|target|source)s? (?:still )?reads?\b",
        "classifies, predicts, is predicted",
    ),
    Word(r"\b(?:[Ss]tands?|[Ss]tanding|[Ss]tood)\b", "withstands, is robust to"),
    Word(
        r"\b(?:fell|fells|fallen)\b|\bfalls? to (?:an?|the|it|PGD|FGSM|R\+FGSM)\b"
        r"|\b(?:images?|some|tenth|models?) falls?\b",
        "is fooled, is broken, the attack succeeds",
    ),
    Word(r"\b(?:[Ss]hares? of|(?:a|the|which|what|this|that|each|whose) share)\b", "fraction, rate"),
    Word(r"\b[Dd]eviations?\b", "standard deviation", but=r"[Ss]tandard deviations?"),
    Word(r"\b(?:its|the) way\b|\bon the way\b|\bways of (?:an|some|the) images?|\bwalk(?:s|ed|ing)?\b", "path"),
    Word(r"\b[Mm]ountains?\b", "3-D surface"),
    Word(r"\b[Tt]he map\b", "the contour map"),
    Word(r"\bcuts?\b", "cross-section"),
    Word(r"\b[Bb]orders?\b", "decision boundary"),
    Word(r"\b[Ss]trangers?\b", "holdout model"),
    Word(r"\b(?:[Mm]end(?:s|ed|ing)?|amiss)\b", "fix, fault"),
    Word(
        r"\b[Cc]arr(?:y|ies|ied|ying)\b[^.:;]{0,20}\bon\b|\b(?:begin|begins|began|begun) again\b|\banew\b",
        "resume, restart",
    ),
    Word(r"\ban own\b|\b(?:the|of|an?) own (?:model|network|data|gradient)\b", "custom, its own"),
    Word(
        r"\b(?:[Ss]omebody|[Ww]hoever|[Ee]verybody|[Nn]obody|[Aa]nybody|an? person|persons)\b", "user, anyone, everyone"
    ),
    Word(r"\b[Pp]laces?\b", "index, position, row, point", but=r"\bin place\b|\btakes? the place of\b|first place\b"),
    Word(
        r"\b(?:[Aa]sk(?:s|ed|ing)?|unasked|[Aa]nswer(?:s|ed|ing)?)\b",
        "request, query, result, prediction",
        but=r"[Qq]uestions?\b.{0,60}\banswers?\b|\bright answers?\b",
    ),
    Word(
        r"\b(?:is|are|was) none (?:that|of)\b|(?<![Tt]here )\b(?:is|are) no (?!longer|better|worse|more\b|less\b)",
        "is not a valid …",
    ),
    Word(
        r"\b[Nn]etworks?\b",
        "model; architecture",
        but=r"[Nn]eural networks?|[Nn]etwork (?:address|connection)\b|\b(?:without a|no|trusted) network\b"
        r"|\bfrom another network\.|MNIST network\b|networks \(architectures\)",
    ),
    Word(r"\beps\b", "ε", but=r"[-.`]eps\b|\beps=|\beps\.|^(?:large|small) eps$"),
    Word(r"\b[Ww]ho(?:se|m)? fools?\b", "transfer matrix"),
    Word(r"\b[Tt]ake care\b", "Warning"),
    Word(r"\bT-SNE\b", "t-SNE"),
    Word(r"(?:\d|[…}]) %(?![\w{])", "95%, without a space"),
    Word(r"\bwhat becomes of\b|\bwhat is asked of\b", "say what it is"),
)
"""The right column of each is the word of the four papers, or of their field."""

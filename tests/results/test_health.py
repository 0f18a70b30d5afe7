"""Every kind of finding of an attack's health: when there is one, with which numbers, and its sentence."""

from dataclasses import asdict, fields

import pytest

from lab.reports.records import health_record
from lab.results import Health, pack, unpack
from lab.results.health_findings import HealthFinding, Kind

SOUND = {"zero_gradient": 0.0, "saturated": 0.0, "unstable": 0.0, "probabilities": False, "one_step_stronger": False}

CONCERNED = {
    Kind.NOT_A_NUMBER: ("not_a_number", tuple),
    Kind.NOT_A_NUMBER_ATTACKED: ("not_a_number_attacked", tuple),
    Kind.NO_SLOPE: ("no_slope", tuple),
    Kind.ZERO_GRADIENT: ("zero_gradient", float),
    Kind.SATURATED: ("saturated", float),
    Kind.UNSTABLE: ("unstable", float),
    Kind.BATCH_DEPENDENT: ("batch_dependent", float),
    Kind.RESTART: ("restart_gain", float),
}
"""The findings about some of the images: the field of health, and whether it holds their positions or a fraction."""

WHOLE = {
    Kind.BAD_WEIGHTS: ({"bad_weights": 1234}, "1,234 of the model's weights are not numbers"),
    Kind.PROBABILITIES: ({"probabilities": True}, "returns probabilities, not logits"),
    Kind.UNCHECKED: ({"unchecked": "It fails on two images."}, "of this model (It fails on two images)."),
    Kind.ONE_STEP: ({"one_step_stronger": True}, "(FGSM) fools more images than this attack"),
    Kind.TRANSFER: ({"transfer_stronger": True}, "Images made on another model fool more"),
    Kind.AT_CHANCE: ({"at_chance": 0.125}, "Clean accuracy is 12.5%, no better than chance"),
    Kind.OUTPUTS: ({"outputs": 1000, "classes": 10}, "has 1000 outputs, but the data only 10 classes"),
    Kind.LARGE_EPS: ({"eps_scale": "large"}, "ε is large for images of this size"),
    Kind.SMALL_EPS: ({"eps_scale": "small"}, "ε is so small"),
}
"""The findings about the model, the attack or its setting: the fields of health, and what their sentence says."""


def health(images: int = 40, **found: object) -> Health:
    return Health(**SOUND | {"images": images} | found)


def concerned(kind: Kind, count: int, images: int) -> Health:
    """Health in which a kind of finding is about so many of the images, the last ones."""
    name, holds = CONCERNED[kind]
    return health(images, **{name: tuple(range(images - count, images)) if holds is tuple else count / images})


def only(found: Health) -> HealthFinding:
    [finding] = found.findings
    assert found.warnings == (finding.sentence(),)
    return finding


def test_every_kind_is_walked_here():
    assert CONCERNED.keys() | WHOLE.keys() == set(Kind)
    assert not CONCERNED.keys() & WHOLE.keys()


@pytest.mark.parametrize("count", [3, 20, 40])
@pytest.mark.parametrize("kind", CONCERNED)
def test_a_finding_about_some_of_the_images_says_how_many(kind, count):
    finding = only(concerned(kind, count, 40))
    assert (finding.kind, finding.of, finding.fraction) == (kind, 40, count / 40)
    of_positions = CONCERNED[kind][1] is tuple
    assert finding.images == (tuple(range(40 - count, 40)) if of_positions else ())
    said = f"{count} of 40 images, first {40 - count}" if of_positions else f"{count / 40:.0%} of the images"
    digits = {Kind.RESTART: f"{count / 40:.1%} of the images", Kind.BATCH_DEPENDENT: "the other images of the batch"}
    assert digits.get(kind, said) in finding.sentence()


@pytest.mark.parametrize("kind", CONCERNED)
def test_a_finding_about_the_only_image_speaks_of_one(kind):
    sentence = only(concerned(kind, 1, 1)).sentence(alone=True)
    assert "%" not in sentence
    assert "they count" not in sentence
    assert "1 of 1" not in sentence
    assert kind == Kind.BATCH_DEPENDENT or "this image" in sentence or "the adversarial image:" in sentence


def test_one_class_is_no_classes():
    assert "but the data only 1 class:" in " ".join(health(outputs=10, classes=1).warnings)


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("images", [1, 40])
def test_a_finding_about_the_model_or_the_attack_says_what_was_measured(kind, images):
    found, said = WHOLE[kind]
    finding = only(health(images, **found))
    assert (finding.kind, finding.of, finding.fraction, finding.images) == (kind, images, None, ())
    assert said in finding.sentence()
    assert finding.sentence(alone=True) == finding.sentence()


@pytest.mark.parametrize("kind", Kind)
def test_a_sentence_is_one_line_that_ends(kind):
    found = concerned(kind, 2, 9) if kind in CONCERNED else health(**WHOLE[kind][0])
    for each in (only(found).sentence(), only(found).sentence(alone=True)):
        assert each[0].isupper() or each[0] in "ε1"
        assert each.endswith((".", "?"))
        assert "\n" not in each


def test_a_few_saturated_images_are_no_finding():
    assert health(saturated=0.05).findings == health().findings == ()
    assert only(health(saturated=0.06)).kind == Kind.SATURATED


def test_everything_at_once_is_said_in_the_order_of_the_kinds():
    worst = {name: value for found, _ in WHOLE.values() for name, value in found.items()}
    worst |= {name: (0,) if holds is tuple else 1.0 for name, holds in CONCERNED.values()}
    sick = health(1, **worst | {"eps_scale": "large"})
    assert [each.kind for each in sick.findings] == [each for each in Kind if each != Kind.SMALL_EPS]


def test_what_is_stored_is_what_was_examined_and_the_findings_follow_from_it():
    sick = health(not_a_number=(3, 5), zero_gradient=0.5)
    assert not {"findings", "warnings"} & {each.name for each in fields(Health)}
    assert unpack(pack(sick)).findings == sick.findings


def test_a_program_gets_the_fields_the_findings_and_their_sentences():
    sick = health(not_a_number=(3, 5), zero_gradient=0.5)
    record = health_record(sick)
    assert asdict(sick).items() <= record.items()
    assert [each["kind"] for each in record["findings"]] == ["not a number", "zero gradient"]
    assert (record["findings"][0]["images"], record["findings"][1]["fraction"]) == ((3, 5), 0.5)
    assert record["warnings"] == list(sick.warnings)

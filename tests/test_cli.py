"""The command line: what a person reads, what a program reads, and how it refuses."""

import json
import os
import signal
import time

import numpy as np
import pytest

from lab import catalogue
from lab.cli import serve
from lab.cli.listing import METHOD, WHOLE
from lab.cli.main import main, parser
from lab.cli.options import with_settings
from lab.errors import SpecError
from lab.results.result import unpack
from lab.specs import PGD, PRESETS, Custom, Margin, Recipe, Restarts, Trained, from_dict, papers
from lab.specs.papers import tramer
from lab.specs.spec import family_of

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A ``LAB_HOME`` with one network called ``quick``, trained for an epoch."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_HOME", str(folder))
        patch.delenv("LAB_DATA", raising=False)
        assert main(["train", "Standard", "--set", "epochs=1", "--name", "quick", "--json"]) == 0
        yield folder


def refused(said) -> str:
    """The sentence of a refusal: exit code 2, nothing on stdout, one line without a traceback on stderr."""
    code, out, err = said
    assert (code, out) == (2, "")
    assert err.endswith(".\n")
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize("what", ["data", "models", "attacks", "networks", "recipes", "analyses"])
def test_lists_are_for_people_and_for_programs(say, what):
    code, text, err = say(f"list {what}")
    assert (code, err) == (0, "")
    _, records, _ = say(f"list {what} --json")
    names = [each["name"] for each in json.loads(records)]
    assert names
    assert all(name in text for name in names)


def test_lists_name_every_spec_with_its_default_and_range(say):
    records = {each["name"]: each for each in json.loads(say("list attacks --json")[1])}
    steps = {each["name"]: each for each in records["PGD"]["fields"]}["steps"]
    assert (steps["default"], steps["low"], steps["high"]) == (40, 1, 1000)
    recipes = {each["name"]: each for each in json.loads(say("list recipes --json")[1])}
    groups = {name: {each["name"] for each in recipes.values() if each["group"] == name} for name in (METHOD, WHOLE)}
    assert groups[METHOD] == {each.__name__ for each in family_of(Recipe)} | {each.name for each in PRESETS}
    assert groups[WHOLE] == {each.name for each in papers.WHOLE} == set(recipes) - groups[METHOD]
    assert from_dict(recipes["tramer-mnist-a-adv"]["spec"]) == tramer.mnist_a_adv()
    assert "data MNIST, architecture TramerA, epochs 12, batch 64, optimiser Adam" in say("list recipes")[1]


def test_a_trained_network_is_listed_with_what_was_measured(say):
    card = {each["name"]: each for each in json.loads(say("list models --json")[1])}["quick"]
    assert card["origin"] == "run"
    assert 0 <= card["measured"]["clean"] <= 1
    assert card["ball"] == {"spec": "Linf", "eps": 0.3}
    [row] = [each for each in say("list models")[1].splitlines() if each.startswith("quick")]
    assert "L∞, ε = 0.3: clean" in row
    assert "R+FGSM" in row
    assert "rfgsm" not in row


def test_attack_prints_one_object_for_programs(say):
    code, out, err = say("attack --model quick --attack PGD --eps 0.1 --set steps=3 --images 20 --seed 1 --json")
    record = json.loads(out)
    assert (code, err) == (0, "")
    assert {"clean_accuracy", "robust_accuracy", "n", "eps", "seconds", "health"} <= set(record)
    assert (record["n"], record["eps"], record["attack"]["steps"], record["seed"]) == (20, 0.1, 3, 1)
    assert record["robust_accuracy"] <= record["clean_accuracy"]
    assert len(record["health"]["warnings"]) == len(record["health"]["findings"])  # the steps are long enough


def test_attack_is_the_attack_of_the_library(say):
    from lab.attacks import attack, judge
    from lab.context import Context
    from lab.data import load
    from lab.models import load as load_model
    from lab.specs import L2, PGD, Digits

    record = json.loads(
        say("attack --model quick --norm L2 --eps 2 --set steps=3 --set step_size=0.5 --images 30 --json")[1]
    )
    test, model, ball = load(Digits()).test, load_model(Trained("quick")), L2(2)
    x, y = test.images(range(30)), test.labels(range(30))
    result = judge(x, y, attack(PGD(steps=3, step_size=0.5), model, x, y, ball, Context(0)), model, ball)
    assert record["robust_accuracy"] == result.robust_accuracy
    assert record["clean_accuracy"] == result.clean_accuracy


def test_attack_tells_people_percentages_and_what_to_take_care_of(say):
    code, out, _ = say("attack --model quick --set steps=1 --set step_size=0.00001 --images 30")
    assert code == 0
    assert "clean accuracy" in out
    assert "%" in out
    assert "Warning: One full gradient step (FGSM) fools more images" in out


def test_a_papers_numbers_are_a_preset_and_else_the_steps_follow_eps(say):
    from lab.specs import PGD, to_dict

    listed = {each["name"]: each for each in json.loads(say("list attacks --json")[1])}
    assert {"name", "about", "spec"} == set(listed["PGD"]["presets"][0])
    assert listed["PGD"]["presets"][0]["spec"] == to_dict(PGD.madry_mnist())
    assert "PGD.madry_mnist: 40 steps of 0.01" in say("list attacks")[1]
    paper = json.loads(say("attack --model quick --attack pgd.madry_mnist --set steps=2 --images 2 --json")[1])
    assert paper["attack"] == to_dict(PGD.madry_mnist().replace(steps=2))
    assert any("2 steps of 0.01 go 0.02 far" in each for each in paper["health"]["warnings"])
    out = say("attack --model quick --set steps=40 --eps 0.1 --images 2")[1]
    assert "step_size follows ε" in out
    assert "\n40 steps of 0.0" in out
    assert "far side" not in out
    assert "PGD.madry_mnist" in refused(say("attack --model quick --attack PGD.madry --images 2"))


def test_what_a_further_restart_finds_counts_in_the_number_and_the_time(say, monkeypatch):
    from lab import attacks

    line = "attack --model quick --eps 0.4 --set steps=1 --set step_size=0.02 --images 100 --json"
    record = json.loads(say(line)[1])
    gain = record["health"]["restart_gain"]
    assert gain > 0
    waited = []
    further = attacks.further_restart

    def none_found(spec, model, x, y, x_adv, ball, ctx):
        further(spec, model, x, y, x_adv, ball, ctx)
        waited.append(time.sleep(0.3))
        return x_adv, 0.0

    monkeypatch.setattr(attacks, "further_restart", none_found)
    alone = json.loads(say(line)[1])
    assert waited
    assert alone["robust_accuracy"] - record["robust_accuracy"] == pytest.approx(gain)
    assert alone["seconds"] >= 0.3


@pytest.mark.parametrize("settings", [("target=3", "labels=chosen"), ("labels=chosen", "target=3")])
def test_settings_that_only_go_together_come_in_any_order(settings):
    assert with_settings(PGD(), settings) == PGD(labels="chosen", target=3)
    with pytest.raises(SpecError, match="counts only with labels 'chosen'"):
        with_settings(PGD(), ("target=3", "steps=7"))
    with pytest.raises(SpecError, match="counts only with labels 'chosen'"):  # and nothing of it is lost
        with_settings(Restarts(), ("attack.target=3", "seed=7", "attack.steps=3"))


def test_a_setting_can_be_a_spec_or_a_field_inside_one(say):
    line = "attack --model quick --set steps=1 --set objective=Margin --set objective.kappa=7 --images 2 --json"
    assert json.loads(say(line)[1])["attack"]["objective"] == {"spec": "Margin", "kappa": 7.0}
    assert Margin().kappa != 7


def test_attack_looks_again_where_it_is_asked_to(say):
    line = "attack --model quick --eps 0.1 --images 20 --eight-bit --source standard --bfloat16"
    line += " --set steps=3 --set step_size=0.01"
    record = json.loads(say(f"{line} --json")[1])
    assert record["rounded_accuracy"] >= record["robust_accuracy"] - 0.1
    assert 0 <= record["transferred_accuracy"] <= 1
    assert record["health"]["transfer_stronger"] == (record["transferred_accuracy"] < record["robust_accuracy"])
    assert 0 <= record["health"]["restart_gain"] <= 1
    assert record["precision"] in ("float32", "bfloat16")
    out = say(line)[1]
    for each in ("in 8 bits", "transferred", "images made on", "bfloat16", "3 steps of 0.01 go 0.03 far"):
        assert each in out
    plain = json.loads(say("attack --model quick --attack FGSM --images 2 --json")[1])
    assert (plain["rounded_accuracy"], plain["source"], plain["precision"]) == (None, None, "float32")
    assert plain["health"]["restart_gain"] is None
    assert "no model called 'nobody'" in refused(say("attack --model quick --source nobody"))


def test_an_own_network_is_attacked(say, tmp_path, monkeypatch):
    from safetensors.torch import save_file
    from torch import nn

    (tmp_path / "mine.py").write_text(
        "from torch import nn\ndef network():\n    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))\n"
    )
    weights = {f"1.{name}": value for name, value in nn.Linear(784, 10).state_dict().items()}
    save_file(weights, tmp_path / "mine.safetensors")
    monkeypatch.syspath_prepend(tmp_path)
    line = f"--images 5 --set steps=1 --json --model mine:network --weights {tmp_path / 'mine.safetensors'}"
    code, out, _ = say(f"attack {line}")
    assert code == 0
    assert json.loads(out)["model"]["builder"] == "mine:network"


def test_custom_data_is_attacked(say, tmp_path):
    generator = np.random.default_rng(0)
    images = {f"x_{split}": generator.random((30, 28, 28), np.float32) for split in ("train", "test")}
    labels = {f"y_{split}": np.arange(30) % 10 for split in ("train", "test")}
    np.savez(tmp_path / "own.npz", **images, **labels)
    line = "attack --model quick --set steps=1 --images 99 --json"
    assert json.loads(say(f"{line} --data {tmp_path / 'own.npz'}")[1])["n"] == 30
    assert json.loads(say(f"{line} --data own --data-dir {tmp_path}")[1])["n"] == 30


def test_training_keeps_the_network_and_reports_it(say, home):
    line = "train pgd-training --set epochs=1 --set source.attack.steps=1 --seed 3 --name mine --json"
    code, out, err = say(line)
    record = json.loads(out)
    assert (code, err) == (0, "")
    assert (record["recipe"]["seed"], record["recipe"]["source"]["attack"]["steps"]) == (3, 1)
    assert (home / "runs" / "mine" / "weights.safetensors").is_file()
    assert "already a model called 'mine'" in refused(say(line))


def test_an_analysis_is_printed_saved_and_never_computed_again(say, tmp_path):
    line = "analyse Restarts --model quick --set attack.restarts=3 --set attack.steps=2 --set images=0,1"
    code, out, _ = say(f"{line} --json --csv {tmp_path}/r.csv")
    record = json.loads(out)
    assert code == 0
    assert record["analysis"]["attack"]["restarts"] == 3
    assert [each["image"] for each in record["summary"]] == [0, 1]
    assert len((tmp_path / "r.csv").read_text().splitlines()) == 1 + 2 * 3
    again = json.loads(say(f"{line} --json")[1])
    assert again["summary"] == record["summary"]
    assert again["seconds"] < 0.5


@pytest.mark.slow
def test_an_analysis_is_drawn_for_print_and_kept_whole(say, tmp_path):
    line = "analyse Restarts --model quick --set attack.restarts=3 --set attack.steps=2 --set images=0,1"
    assert say(f"{line} --figure {tmp_path}/r.svg --npz {tmp_path}/r.npz")[0] == 0
    assert "<svg" in (tmp_path / "r.svg").read_text("utf-8")
    kept = unpack((tmp_path / "r.npz").read_bytes())
    assert kept.spec.attack.restarts == 3
    assert kept.models[0].final_loss.shape == (3, 2)
    assert "no figure for print" in say(f"analyse Preview --figure {tmp_path}/p.svg")[2]


def test_a_damaged_stored_result_is_said_and_computed_again(say, home):
    line = "analyse Restarts --model quick --set attack.restarts=2 --set attack.steps=2 --set images=2 --json"
    known = set((home / "results").glob("*"))
    first = json.loads(say(line)[1])
    [stored] = set((home / "results").glob("*")) - known
    stored.write_bytes(stored.read_bytes()[:100])
    code, out, err = say(line)
    assert code == 0
    assert "damaged" in err
    assert json.loads(out)["summary"] == first["summary"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("attack --model nobody", "no model called 'nobody'"),
        ("attack --model nets", "A custom model is written package.module:function."),
        ("attack --model quick --attack Nothing", "no attack called 'Nothing'"),
        ("attack --model quick --eps 2", "must lie between 0 and 1"),
        ("attack --model quick --set steps=many", "PGD.steps should be a whole number, not 'many'"),
        ("attack --model quick --set speed=3", "PGD has no field 'speed'"),
        ("attack --model quick --set steps", "sets nothing"),
        ("attack --model quick --set steps.x=1", "no field 'steps' with fields of its own"),
        ("attack --model quick --images 0", "invalid positive whole number value"),
        ("attack --model quick --weights nowhere.pt", "belongs to no model"),
        ("attack --model a.b:c --weights nowhere.pt", "no weights file"),
        ("attack --model no.such.module:network --images 1", "no.such.module"),
        ("attack --data nothing", "no data set called 'nothing'"),
        ("attack --data-dir /no/such/folder", "no folder /no/such/folder"),
        ("train Standard --name a/b", "cannot be the name of a run"),
        ("train Nothing", "no recipe called 'Nothing'"),
        ("analyse Restarts --set images=a,b", "each a whole number"),
        ("analyse Restarts --figure r.txt", "should end in .pdf, .svg or .png"),
        ("analyse Restarts --npz /no/such/folder/r.npz", "no folder /no/such/folder"),
        ("analyse Restarts --csv /no/such/folder/r.csv", "no folder /no/such/folder"),
        ("analyse Preview --model quick", "Preview takes no models"),
        ("serve --weights x.safetensors", "give its builder with --model"),
        ("serve --model standard", "package.module:function"),
        ("pretrained resnet81", "'resnet81' is not one of torchvision's classifiers"),
        ("zoo nothing", "no model called 'nothing'"),
        ("list colours", "invalid choice: 'colours'"),
        ("nothing", "invalid choice: 'nothing'"),
    ],
)
def test_a_mistake_is_one_sentence(say, line, words):
    assert words in refused(say(line))


def test_an_own_network_and_own_data_are_offered_to_the_pages(home, tmp_path, monkeypatch):
    for variable in ("LAB_OWN_MODELS", "LAB_OWN_DATA", "LAB_MODULE_FOLDERS"):
        monkeypatch.setenv(variable, "")
    (tmp_path / "net.safetensors").touch()
    (tmp_path / "mine.npz").touch()
    serve.offer_models(["nets:build"], [str(tmp_path / "net.safetensors")], ["my-net"])
    serve.offer_data(str(tmp_path / "mine.npz"))
    [card] = [each for each in catalogue.models() if each.origin == "custom"]
    assert (card.name, card.spec) == ("my-net", Custom("nets:build", str(tmp_path / "net.safetensors")))
    assert "mine" in [each.name for each in catalogue.data_sets()]
    assert json.loads(os.environ["LAB_MODULE_FOLDERS"]) == [os.getcwd()]


def test_a_folder_of_data_sets_is_served(home, tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_DATA", "")
    serve.offer_data(str(tmp_path))
    assert os.environ["LAB_DATA"] == str(tmp_path)


def test_without_a_command_the_lab_is_served(home):
    assert main(["--port", "70000"]) == 2
    assert parser().parse_args(["serve"]).preheat is None


def test_a_file_that_cannot_be_written_is_one_sentence(say, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "file"))
    assert str(tmp_path / "file") in refused(say("train Standard --set epochs=1"))


@pytest.mark.parametrize("option", ["--data", "--model", "--set", "--weights", "--name", "--eps"])
def test_two_dashes_are_no_value(option, capsys):
    assert main(["attack", f"{option}=--"]) == 2
    assert f"{option}: '--' is not a value" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line",
    [
        "attack --mod standard",
        "attack --ep=.1",
        "attack --js",
        "analyse Restarts --cs f.csv",
        "train Standard --na x",
        "list models --js",
        "serve --no-b --port 0",
        "--no-b",
        "doctor --js",
    ],
)
def test_an_option_is_written_out(say, line):
    """What is short for one option today may be short for two tomorrow."""
    code, _, said = say(line)
    assert code == 2
    command = line.split()[0] if line[0] != "-" else "serve"
    assert f"see 'python -m lab {command} --help'" in said
    assert "nrecognized arguments: --" in said


@pytest.mark.parametrize("line", ["serve --host nowhere.invalid", "serve --model nets", "serve --data nowhere"])
def test_a_server_that_does_not_start_leaves_the_signals_to_who_had_them(line):
    """A later Ctrl-C found the server's handler, which ends all logging in the process."""
    names = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
    before = [signal.getsignal(each) for each in names]
    assert main(line.split()) == 2
    assert [signal.getsignal(each) for each in names] == before

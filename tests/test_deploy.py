"""What can be said of deploy/ without a container engine, a cluster or a browser."""

import ast
import re

import pytest
import yaml

from lab.cli.main import parser
from tests.deploy.containerfile import CONTAINERFILE, filled, steps
from tests.served import ROOT

DEPLOY = ROOT / "deploy"


def options_of(words):
    """The options of ``serve`` that a recipe uses, as the command line understands them."""
    return parser().parse_args(["serve", *map(str, words)])


def test_the_containerfile_needs_no_rights_and_is_watched():
    found = steps(CONTAINERFILE.read_text("utf-8"))
    words = [word for word, _ in found]
    assert words.count("FROM") == 2
    assert dict(found)["USER"] == "lab"
    assert words.index("USER") < words.index("HEALTHCHECK") < words.index("ENTRYPOINT")
    entry = ast.literal_eval(dict(found)["ENTRYPOINT"])
    assert entry[:4] == ["python", "-m", "lab", "serve"]
    assert options_of(entry[4:]).host == "0.0.0.0"
    assert filled("${A}-${B}", {"A": "x"}) == "x-${B}"


@pytest.mark.parametrize("path", ["compose.yaml", "compose.cuda.yaml", "kubernetes.yaml"])
def test_recipes_are_yaml_whose_options_serve_has(path):
    documents = [*yaml.safe_load_all((DEPLOY / path).read_text("utf-8"))]
    assert documents
    for each in documents:
        if "services" in each and "command" in each["services"]["lab"]:
            assert options_of(each["services"]["lab"]["command"]).visitors == 30
        if each.get("kind") == "Deployment":
            [container] = each["spec"]["template"]["spec"]["containers"]
            assert options_of(container["args"]).scheduler == "tcp://lab-scheduler:8786"
            assert container["securityContext"]["readOnlyRootFilesystem"]


def test_the_other_recipes_serve_with_options_that_there_are():
    unit = (DEPLOY / "adversarial-lab.service").read_text("utf-8")
    assert options_of(re.search(r"-m lab serve (.*)", unit)[1].split()).public
    nginx = (DEPLOY / "nginx.conf").read_text("utf-8")
    assert options_of(re.search(r"-m lab serve (.*)", nginx)[1].split()).base_url == "/lab/"
    space = (DEPLOY / "spaces" / "README.md").read_text("utf-8")
    assert options_of(ast.literal_eval(re.search(r"CMD (\[.*?\])", space)[1])).frame_ancestors == [
        "https://huggingface.co"
    ]
    ast.parse((DEPLOY / "slurm.py").read_text("utf-8"))

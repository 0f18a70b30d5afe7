"""What can be said of deploy/ without a container engine, a cluster or a browser."""

import ast
import os
import re
import shutil
import subprocess

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


def test_workers_are_started_by_the_command_that_there_is():
    [cluster] = [
        each
        for each in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8"))
        if each["kind"] == "DaskCluster"
    ]
    [container] = cluster["spec"]["worker"]["spec"]["containers"]
    assert container["command"] == ["python", "-m", "lab"]
    assert parser().parse_args(container["args"]).address == "tcp://lab-scheduler:8786"


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_job_of_slurm_starts_a_worker_for_the_address_it_is_given(tmp_path):
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SLURM_JOB_NAME": "lab", "SLURM_ARRAY_TASK_ID": "2"}
    command = ["bash", str(DEPLOY / "slurm.sh"), "tcp://head:8786"]
    said = subprocess.check_output(command, env=environment, text=True).split()
    assert said[:2] == ["-m", "lab"]
    options = parser().parse_args(said[2:])
    assert (options.address, options.name) == ("tcp://head:8786", "lab-2")

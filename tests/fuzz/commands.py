"""Command lines as a hasty, an unlucky or a hostile person types them, each in this process and with a time limit.

Nothing here serves, downloads or installs, and files are written only under names without a path, in a folder of
their own.
"""

import contextlib
import io
import json
import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np

from lab.cli.main import main
from lab.errors import LONGEST, LabError
from lab.specs import AttackSpec, Recipe, Spec, presets
from lab.specs.analyses import Analysis
from lab.specs.spec import family_of, params
from tests.fuzz.limit import limited
from tests.fuzz.report import Report, examine
from tests.fuzz.values import TEXTS

SECONDS = 60
"""Of the processor's time that one command may take; one that is not refused computes next to nothing."""

LINES = (
    "list data", "list models --json", "list attacks", "list attacks --json", "list recipes --json", "list networks",
    "list analyses --json", "--help", "attack --help", "--version", "attack --images 2 --set steps=1",
    "attack --images 2", "evaluate --data tiny.npz --images 2 --json", "evaluate --images 2 --eps 8/255 --norm L2",
    "attack --images 2 --attack FGSM --norm L2 --eps 8/255 --json", "attack --images 1 --seed 3 --set step_size=2/255",
    "analyse Preview --set images=0,1 --json", "analyse Preview --data tiny.npz --set images=0 --seed 1",
    "train Standard --data tiny.npz --set architecture.width=1 --set epochs=1 --set batch=4 --name one --json",
    "train standard-training --data tiny.npz --set architecture.width=1 --set epochs=1 --name two",
    "train --resume --name one", "pretrained nothing", "zoo nothing", "serve --port 99999", "serve --weights w.pt",
)  # fmt: skip
NEVER = {"--download", "--vary", "--scheduler", "browser", "doctor", "worker", "zoo", "pretrained", "--figure"}
SAFE_NAMES = tuple(each for each in TEXTS if each and not set(each) & set("/~\\:"))


def fuzz(seed: int, count: int) -> Report:
    """Run so many command lines in a folder of their own."""
    with _elsewhere():
        return examine(cases(random.Random(seed), count), _run)


def cases(rng: random.Random, count: int) -> Iterator[list[str]]:
    """Command lines: some as they should be, most with something wrong."""
    kinds = (_as_it_should_be, _another_word, _another_word, _setting, _setting, _option, _file, _command)
    for _ in range(count):
        words = rng.choice(kinds)(rng)
        serves = not words or (words[0].startswith("-") and words[0] not in ("-h", "--help", "--version"))
        yield ["list", *words] if serves else words


def _run(words: list[str]) -> None:
    """Raise the refusal as a :class:`LabError`, and anything that is neither it nor an answer as another error."""
    out, err = io.StringIO(), io.StringIO()
    before = dict(os.environ)
    late: list[int] = []

    def stop(number: int, _: object) -> None:
        late.append(number)
        raise KeyboardInterrupt

    try:
        with limited(SECONDS, stop), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(words)
    finally:
        os.environ.clear()
        os.environ.update(before)
    assert not late, f"more than {SECONDS} s"
    said = [each for each in err.getvalue().splitlines() if not each.startswith("Warning: ")]
    assert code in (0, 2), f"exit code {code}: {err.getvalue()[-200:]}"
    if code == 2:
        assert len(said) == 1, f"{len(said)} lines: {err.getvalue()[:200]}"
        assert len(said[0]) <= LONGEST, f"{len(said[0])} characters"
        assert said[0].isprintable(), "characters that a terminal takes for commands"
        raise LabError(said[0])
    if "--json" in words and not {"--help", "-h"} & set(words):
        json.loads(out.getvalue(), parse_constant=_no_number)


def _as_it_should_be(rng: random.Random) -> list[str]:
    return rng.choice(LINES).split()


def _another_word(rng: random.Random) -> list[str]:
    """A word is replaced, left out, doubled, or put in."""
    words = _as_it_should_be(rng)
    at = rng.randrange(1, len(words)) if len(words) > 1 else 0
    how = rng.randrange(4)
    if words[0] in ("serve", "pretrained", "zoo"):  # what is right there serves, downloads or trains for an hour
        return [*words, rng.choice(TEXTS)]
    if how == 0:
        words[at] = rng.choice(TEXTS)
    elif how == 1:
        del words[at]
    elif how == 2:
        words.insert(at, words[at])
    else:
        words.insert(at, rng.choice(TEXTS))
    return words if not NEVER & set(words) else ["list", *words]


def _setting(rng: random.Random) -> list[str]:
    """A field of the spec, or of one inside it, with a value."""
    line, kinds = rng.choice(
        [("attack --images 1 --data tiny.npz --model standard --attack", family_of(AttackSpec)),
         ("analyse", [each for each in family_of(Analysis) if each.__name__ != "Preview"]),
         ("train --name x --data tiny.npz", family_of(Recipe))]
    )  # fmt: skip
    kind: type[Spec] = rng.choice(kinds)
    path = rng.choice([*params(kind), "ball.eps", "attack.steps", "architecture.width", "data.size", "nothing", ""])
    wrong = f"{path}={rng.choice(TEXTS)}"
    surely = "nothing.of.this=1"  # what would be right might compute for minutes
    return [*line.split(), kind.__name__, "--set", wrong, "--set", surely]


def _option(rng: random.Random) -> list[str]:
    """An option with a value, on a command that may not have it."""
    options = ["--eps", "--norm", "--seed", "--images", "--data", "--data-dir", "--model", "--weights", "--source",
               "--name", "--attack", "--json", "--eight-bit", "--set", "--nothing", "-x", "--port"]  # fmt: skip
    line = rng.choice(["attack --images 1", "list data", "analyse Preview", "train Nothing", "serve --port 99999"])
    return [*line.split(), rng.choice(options), rng.choice(TEXTS)]


def _file(rng: random.Random) -> list[str]:
    """Files to read that are not what they should be, and to write under odd names."""
    if rng.random() < 0.4:
        kind = rng.choice(["--csv", "--npz"])
        return ["analyse", "Preview", "--set", "images=0", kind, rng.choice(SAFE_NAMES)]
    here = map(str, sorted(Path.cwd().iterdir()))
    there = rng.choice([*here, "tiny.npz", ".", "..", "/", "/dev/null", "nowhere.npz"])
    line = rng.choice(
        ["attack --images 1 --data", "attack --images 1 --model a:b --weights", "analyse Preview --data",
         "list data --data-dir", "train Nothing --data"]
    )  # fmt: skip
    return [*line.split(), there]


def _command(rng: random.Random) -> list[str]:
    """Something in place of the command, or of what it is about."""
    recipe = rng.choice(presets.PRESETS).name
    first = rng.choice(["list", "attack", "analyse", "train", "Attack", "lists", "help", recipe, *TEXTS])
    return [first, rng.choice(TEXTS)]


@contextlib.contextmanager
def _elsewhere() -> Iterator[None]:
    """A folder of their own for runs, results and what is read and written; the environment comes back."""
    before, here = dict(os.environ), Path.cwd()
    with tempfile.TemporaryDirectory(prefix="lab-fuzz-") as folder:
        os.environ.update(LAB_HOME=str(Path(folder, "home")), LAB_DATA=str(Path(folder, "data")))
        os.environ.pop("LAB_DEBUG", None)
        work = Path(folder, "work")
        (work / "folder").mkdir(parents=True)
        _write_files(work)
        os.chdir(work)
        try:
            yield
        finally:
            os.chdir(here)
            os.environ.clear()
            os.environ.update(before)


def _write_files(work: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = {f"x_{part}": rng.integers(0, 256, (12, 4, 4), np.uint8) for part in ("train", "test")}
    arrays |= {f"y_{part}": np.arange(12) % 2 for part in ("train", "test")}
    np.savez(work / "tiny.npz", **arrays)  # type: ignore[arg-type]
    np.savez(work / "none.npz", x=np.zeros(3))
    (work / "empty.npz").touch()
    (work / "text.npz").write_text("not a zip")
    (work / "cut.npz").write_bytes((work / "tiny.npz").read_bytes()[:200])
    (work / "weights.pt").write_bytes(b"\x80\x04not a state")
    (work / "weights.safetensors").write_bytes(b"\xff" * 64)


def _no_number(name: str) -> NoReturn:
    raise AssertionError(f"--json holds {name}")

"""Does what deploy/Containerfile says without a container engine: ``python -m tests.deploy.containerfile``, as root.

Every stage is an overlay over this machine's root, which takes the place of the base image; RUN, COPY, WORKDIR, ENV and
USER are carried out as they are written. The last stage is then made read-only, and ENTRYPOINT runs in it, with a fresh
``/tmp`` and ``/data``, until HEALTHCHECK says that the lab is well. Nothing of it is left on the machine.

``--installed .venv`` takes an environment that there is in place of the one that the first stage makes.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONTAINERFILE = ROOT / "deploy" / "Containerfile"
ARGUMENTS = {"TARGETPLATFORM": "linux"}
KEPT = ("PIP_", "TORCH_INDEX", "SSL_", "http", "HTTP", "REQUESTS_", "CURL_")  # how this machine reaches packages
PATIENCE = 300.0


def steps(text: str) -> list[tuple[str, str]]:
    """The instructions of a Containerfile, each with what follows it."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


@dataclass
class Stage:
    """One stage: an overlay over this machine's root, with the environment of its instructions."""

    folder: Path
    environment: dict[str, str] = field(
        default_factory=lambda: {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
    )
    user: str = "root"
    workdir: str = "/"

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def mount(self) -> None:
        upper, work = self.folder / "upper", self.folder / "work"
        for each in (upper, work, self.root):
            each.mkdir(parents=True)
        options = f"lowerdir=/,upperdir={upper},workdir={work}"
        run("mount", "-t", "overlay", "overlay", "-o", options, str(self.root))
        run("mount", "-t", "tmpfs", "tmpfs", str(self.root / "tmp"))
        for each in ("proc", "dev", "sys"):
            run("mount", "--rbind", f"/{each}", str(self.root / each))
        for each in Path(sys.base_prefix).parents:  # this machine's Python may be in a home that is only root's
            inside = self.root / str(each).lstrip("/")
            inside.chmod(inside.stat().st_mode | 0o111)
        for each in ("passwd", "group", "shadow", "gshadow"):
            self._forget_users(self.root / "etc" / each)

    @staticmethod
    def _forget_users(table: Path) -> None:
        """Keep the users of the system, as a base image has them, and none of this machine's."""
        people = {line.split(":")[0] for line in Path("/etc/passwd").read_text().splitlines() if _is_person(line)}
        kept = [line for line in table.read_text().splitlines() if line.split(":")[0] not in people]
        table.write_text("\n".join(kept) + "\n")

    def command(self, *words: str) -> list[str]:
        """The command line that runs a program in this stage."""
        inside = ["sh", "-c", f'cd "{self.workdir}" && exec "$@"', "sh", *words]
        return ["chroot", f"--userspec={self.user}", str(self.root), *inside]

    def run(self, *words: str) -> None:
        run(*self.command(*words), environment=self.environment | kept())


def _is_person(line: str) -> bool:
    return 1000 <= int(line.split(":")[2]) < 60000


def kept() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(KEPT)}


def run(*words: str, environment: dict[str, str] | None = None) -> None:
    subprocess.run(words, check=True, env=environment)


def filled(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda found: values.get(found[1], found[0]), text)


def copy(stage: Stage, stages: dict[str, Stage], rest: str) -> None:
    """COPY: of this checkout what Git knows or would, or a folder of an earlier stage."""
    if found := re.fullmatch(r"--from=(\w+) (\S+) (\S+)", rest):
        source, target = stages[found[1]].root / found[2].lstrip("/"), stage.root / found[3].lstrip("/")
        shutil.copytree(source, target, symlinks=True)
        return
    assert rest == ". .", rest
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            target = stage.root / stage.workdir.lstrip("/") / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)


def build(folder: Path, installed: Path | None) -> tuple[Stage, list[str], list[str]]:
    """Carry out the instructions: the last stage, the command of HEALTHCHECK and that of ENTRYPOINT."""
    values, stages, health, entry = dict(ARGUMENTS), {}, [], []
    stage = Stage(folder / "none")
    found = steps(CONTAINERFILE.read_text("utf-8"))
    if installed is not None:
        last = max(number for number, (word, _) in enumerate(found) if word == "FROM")
        found = [step for number, step in enumerate(found) if number >= last or step[0] == "ARG"]
    for word, rest in found:
        print(f"{word} {rest}"[:160], flush=True)
        if word == "ARG":
            name, _, value = rest.partition("=")
            values[name] = os.environ.get(name, value)
        elif word == "FROM":
            stage = Stage(folder / f"stage{len(stages)}")
            stage.mount()
            stages[rest.rpartition(" AS ")[2]] = stage
        elif word == "RUN":
            stage.run("sh", "-c", filled(rest, values))
        elif word == "COPY" and installed is not None:
            target = stage.root / rest.rpartition(" ")[2].lstrip("/")
            target.mkdir(parents=True)
            run("mount", "--bind", str(installed), str(target))
            run("mount", "-o", "remount,ro,bind", str(target))
        elif word == "COPY":
            copy(stage, stages, rest)
        elif word == "WORKDIR":
            stage.workdir = rest
            (stage.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif word == "ENV":
            stage.environment |= dict(each.split("=", 1) for each in filled(rest, stage.environment).split())
        elif word == "USER":
            stage.user = rest
        elif word == "HEALTHCHECK":
            health = json.loads(rest[rest.index("CMD ") + 4 :])
        elif word == "ENTRYPOINT":
            entry = json.loads(rest)
        else:
            assert word in ("VOLUME", "EXPOSE"), word
    return stage, health, entry


def serve(stage: Stage, health: list[str], entry: list[str]) -> None:
    """Run the container's command on a read-only root until it is healthy and a page was opened."""
    data = stage.folder / "data"
    data.mkdir(mode=0o777)
    data.chmod(0o777)
    run("mount", "--bind", str(data), str(stage.root / "data"))
    (stage.root / "tmp").chmod(0o1777)
    run("mount", "-o", "remount,ro", str(stage.root))
    environment = stage.environment | {"LAB_TOKEN": "container test", "HOME": "/home/lab"}
    attempt = subprocess.run(
        stage.command("touch", "/home/lab/written"), env=environment, capture_output=True, text=True
    )
    assert "Read-only file system" in attempt.stderr, attempt
    server = subprocess.Popen(stage.command(*entry), env=environment)
    try:
        last = time.monotonic() + PATIENCE
        while subprocess.run(stage.command(*health), env=environment, capture_output=True).returncode:
            assert server.poll() is None, "the lab ended"
            assert time.monotonic() < last, "the lab is not healthy in time"
            time.sleep(1)
        headers = {"Accept": "text/html", "Authorization": "Bearer container test"}
        with urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:8866/", headers=headers)) as page:
            assert '"kernelId"' in page.read().decode()
    except Exception:
        print(*(each.read_text("utf-8")[-5000:] for each in (data / "logs").glob("*.log")), sep="\n")
        raise
    finally:
        server.terminate()
        server.wait(60)
    print(f"Healthy as {stage.user} on a read-only root; a page was opened; exit code {server.returncode}.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--installed", type=Path, metavar="FOLDER", help="an environment in which the lab is installed")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:  # mounts are to be seen by this program only
        words = ["unshare", "--mount", sys.executable, "-m", "tests.deploy.containerfile", "--inside", *sys.argv[1:]]
        sys.exit(subprocess.run(words, cwd=ROOT, check=False).returncode)
    with tempfile.TemporaryDirectory(prefix="lab-container-", ignore_cleanup_errors=True) as folder:
        try:
            serve(*build(Path(folder), options.installed and options.installed.resolve()))
        finally:
            for each in sorted(Path(folder).glob("*/root")):
                subprocess.run(["umount", "--recursive", "--lazy", str(each)], check=False)


if __name__ == "__main__":
    main()

"""Published data sets come from a server of this machine, whole and checked, whatever the network does."""

import shutil
import subprocess
import sys
import tarfile
import threading
from collections import namedtuple
from dataclasses import replace

import pytest
from filelock import FileLock

from lab import downloads
from lab.context import Cancelled, Context
from lab.data import load
from lab.downloads import MIRROR, download, offer_of, offers
from lab.errors import DataError
from lab.home import data_folder
from lab.specs import CIFAR10, MNIST, Digits, Photos
from lab.specs.data import published_data
from tests.data.published_files import cifar_files, mnist_files
from tests.downloads.mirror import mirror as running
from tests.downloads.published import archive
from tests.full_disk import full_disk

FIRST = "train-images-idx3-ubyte.gz"


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def refusal(spec=MNIST(), ctx=Context()):
    with pytest.raises(DataError) as found:
        download(spec, ctx)
    assert names(data_folder() / spec.published.layouts[0].folder) == []
    return str(found.value)


def test_every_row_that_can_be_downloaded_says_all_that_is_shown_and_checked():
    rows = [each.published for each in published_data() if each.published.downloads]
    assert [row.name for row in rows] == ["mnist", "fashion-mnist", "cifar10", "cifar100", "svhn"]
    for row in rows:
        assert all(len(each.md5) == 32 and each.size > 1000 for each in row.downloads)
        assert all(each.endswith("/") for each in row.mirrors)
        assert len(set(row.classes)) == len(row.classes)


def test_the_addresses_and_checksums_are_torchvisions():
    from torchvision.datasets import CIFAR100, MNIST as Theirs, SVHN, FashionMNIST

    ours = {each.published.name: each.published for each in published_data()}
    for name, theirs in (("mnist", Theirs), ("fashion-mnist", FashionMNIST)):
        assert list(ours[name].mirrors) == theirs.mirrors
        assert [(each.name, each.md5) for each in ours[name].downloads] == theirs.resources
    [cifar] = ours["cifar100"].downloads
    assert (ours["cifar100"].mirrors[0] + cifar.name, cifar.md5) == (CIFAR100.url, CIFAR100.tgz_md5)
    for each, part in zip(ours["svhn"].downloads, ("train", "test"), strict=True):
        assert [ours["svhn"].mirrors[0] + each.name, each.name, each.md5] == SVHN.split_list[part]


def test_a_download_reports_progress_and_rate_and_happens_once(folder, mirror):
    seen = []
    assert len(load(MNIST(), Context(on_progress=seen.append), download=True).train) == 12
    assert len(load(CIFAR10(), download=True).test) == 4
    fractions = [each.fraction for each in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert seen[0].doing == f"downloading MNIST from {mirror.address.removeprefix('http://')}"
    assert seen[0].metrics["MB/s"] > 0
    asked = len(mirror.asked)
    download(MNIST())
    assert len(mirror.asked) == asked
    assert names(folder / "MNIST" / "raw") == sorted(mnist_files())
    assert names(folder / "cifar-10-batches-bin") == sorted(cifar_files())
    assert not [path for path in (folder / ".downloads").iterdir() if path.is_dir()]


def test_what_is_here_elsewhere_is_not_fetched_again(folder, mirror):
    download(MNIST())
    shutil.move(folder / "MNIST", folder / "torch" / "MNIST")
    mirror.asked.clear()
    download(MNIST())
    download(Digits())
    download(Photos())
    assert mirror.asked == []


def test_what_is_offered(folder, mirror, monkeypatch):
    assert [each.spec.published.name for each in offers()] == ["mnist", "fashion-mnist", "cifar10", "cifar100", "svhn"]
    offer = offer_of(CIFAR10())
    assert (offer.host, offer.folder) == (mirror.address.removeprefix("http://"), folder)
    assert offer.words.startswith("CIFAR-10, 0 MB, from 127.0.0.1:")
    download(CIFAR10())
    assert offer_of(CIFAR10()) is offer_of(Digits()) is offer_of(Photos()) is None


@pytest.mark.parametrize("ranges", [True, False])
def test_a_cut_connection_goes_on_from_there(folder, mirror, ranges):
    mirror.cut, mirror.ranges = 5000, ranges
    if not ranges:
        assert "connection ended at 0.0 of 0.0 MB): try again: it goes on from there" in refusal()
        mirror.cut = None
    download(MNIST())
    assert [start for name, start in mirror.asked if name == FIRST][-1] == 5000
    assert len(load(MNIST()).train) == 12


def test_an_interrupted_download_goes_on_where_it_stopped(folder, mirror, monkeypatch):
    monkeypatch.setattr(sys.modules["lab.downloads.receive"], "_CHUNK", 1000)
    calls = []
    with pytest.raises(Cancelled):
        download(MNIST(), Context(cancelled=lambda: calls.append(1) or len(calls) > 3))
    assert names(folder / "MNIST" / "raw") == []
    seen = []
    download(MNIST(), Context(on_progress=seen.append))
    assert mirror.asked[:2] == [(FIRST, 0), (FIRST, 4000)]
    assert seen[0].fraction > 0.25
    assert len(load(MNIST()).train) == 12


def test_what_was_left_of_another_file_is_not_gone_on_with(folder, mirror):
    parts = folder / ".downloads" / "mnist"
    parts.mkdir(parents=True)
    (parts / FIRST).write_bytes(b"x" * 100)
    (parts / "train-labels-idx1-ubyte.gz").write_bytes(b"x" * 100_000)
    download(MNIST())
    assert mirror.asked[:2] == [(FIRST, 100), (FIRST, 0)]
    assert len(load(MNIST()).train) == 12


def test_a_file_that_had_arrived_whole_is_not_fetched_again(folder, mirror):
    parts = folder / ".downloads" / "mnist"
    parts.mkdir(parents=True)
    (parts / FIRST).write_bytes(mirror.files[FIRST])
    download(MNIST())
    assert [each for each in mirror.asked if each == (FIRST, 0)] == []


def test_the_files_that_are_there_are_not_fetched_again(folder, mirror):
    mirror.status["t10k-labels-idx1-ubyte.gz"] = 503
    with pytest.raises(DataError, match="503 Service Unavailable"):
        download(MNIST())
    assert len(names(folder / "MNIST" / "raw")) == 3
    mirror.status.clear()
    mirror.asked.clear()
    download(MNIST())
    assert mirror.asked == [("t10k-labels-idx1-ubyte.gz", 0)]


def test_without_a_network_the_mend_is_said(folder, monkeypatch):
    nobody = ("http://127.0.0.1:9/",)  # the discard port
    monkeypatch.setattr(MNIST, "published", replace(MNIST.published, mirrors=nobody))
    assert refusal() == (
        "MNIST cannot be downloaded (127.0.0.1:9: cannot be reached (Connection refused)): check the network "
        "connection, and the proxy if there is one, and try again."
    )


def test_a_host_that_has_it_no_more_is_named(folder, mirror):
    del mirror.files[FIRST]
    host = mirror.address.removeprefix("http://")
    assert refusal() == (
        f"MNIST cannot be downloaded ({host}: 404 Not Found): try again later, or put the files there yourself."
    )


def test_the_second_mirror_is_asked_when_the_first_fails(folder, mirror, monkeypatch):
    with running() as first:
        mirrors = ("http://127.0.0.1:9/", f"{first.address}/", f"{mirror.address}/")
        monkeypatch.setattr(MNIST, "published", replace(MNIST.published, mirrors=mirrors))
        first.files[FIRST] = mirror.files[FIRST]
        first.cut = 0
        download(MNIST())
        assert [name for name, _ in first.asked].count(FIRST) == 1
    assert len(load(MNIST()).train) == 12


@pytest.mark.parametrize("begun", [False, True])
def test_other_content_than_was_published_is_not_kept(folder, mirror, begun):
    mirror.files[FIRST] = mirror.files[FIRST][:-1] + b"x"
    parts = folder / ".downloads" / "mnist"
    if begun:
        parts.mkdir(parents=True)
        (parts / FIRST).write_bytes(mirror.files[FIRST][:100])
    assert "what it sends is not the published file): try again later, or over another connection" in refusal()
    assert names(parts) == []


def test_no_more_is_taken_than_was_published(folder, mirror):
    mirror.files[FIRST] = bytes(3 * 2**20)
    assert "more was sent than was published" in refusal()


def test_a_full_disk_is_said(folder, mirror):
    with full_disk(3000):
        assert refusal() == (
            f"The disk of {folder} is full: make room there, and the download goes on where it stopped."
        )
    download(MNIST())
    assert (FIRST, 3000) in mirror.asked


def test_room_is_looked_for_before_anything_is_fetched(folder, mirror, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**6))
    assert "MNIST takes 61 MB while it is unpacked, but 1 MB are free in" in refusal()
    assert mirror.asked == []


def test_a_folder_that_cannot_be_written_to_is_said(folder, mirror):
    folder.parent.joinpath("data").write_text("a file")
    with pytest.raises(
        DataError, match=r"data cannot be written to \(.*\): set LAB_DATA \(or --data-dir\) to a folder"
    ):
        download(MNIST())


def test_a_read_only_folder_is_said(folder, mirror, monkeypatch):
    monkeypatch.setenv("LAB_DATA", "/proc/1")
    with pytest.raises(DataError, match=r"/proc/1 cannot be written to"):
        download(MNIST())


def member(name, **about):
    made = tarfile.TarInfo(name)
    for key, value in about.items():
        setattr(made, key, value)
    return made


def test_of_an_archive_only_the_expected_files_are_unpacked(folder, mirror, monkeypatch, tmp_path):
    files = {f"cifar-10-batches-bin/{name}": data for name, data in cifar_files().items()}
    others = {
        "../outside": b"x", str(tmp_path / "absolute"): b"x", "cifar-10-batches-bin/readme.html": b"x",
        "link": member("link", type=tarfile.SYMTYPE, linkname="/etc"), "link/x": b"x",
    }  # fmt: skip
    archive(mirror, monkeypatch, others | files)
    download(CIFAR10())
    assert names(folder / "cifar-10-batches-bin") == sorted(cifar_files())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]
    assert names(folder) == [".downloads", "cifar-10-batches-bin"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_an_archive_whose_file_is_something_else_is_refused(folder, mirror, monkeypatch, kind):
    files = {f"cifar-10-batches-bin/{name}": data for name, data in cifar_files().items()}
    name = "cifar-10-batches-bin/data_batch_3.bin"
    archive(mirror, monkeypatch, files | {name: member(name, type=kind, linkname="/etc/passwd")})
    assert f"cifar-10-binary.tar.gz has no {name}" in refusal(CIFAR10())


def test_a_proxy_is_asked(folder, mirror, monkeypatch):
    with running() as proxy:
        monkeypatch.setenv("http_proxy", proxy.address)
        monkeypatch.setenv("no_proxy", "")
        mirrors = ("http://published.example/",)
        monkeypatch.setattr(MNIST, "published", replace(MNIST.published, mirrors=mirrors))
        proxy.files = {f"http://published.example/{name}": data for name, data in mirror.files.items()}
        download(MNIST())
    assert mirror.asked == []


def test_a_mirror_of_ones_own_is_asked_first(folder, mirror, monkeypatch):
    with running() as own:
        own.files = {f"lab/mnist/{name}": data for name, data in mirror.files.items()}
        monkeypatch.setenv(MIRROR, f"{own.address}/lab")
        assert offer_of(MNIST()).host == own.address.removeprefix("http://")
        download(MNIST())
    assert mirror.asked == []
    monkeypatch.setenv(MIRROR, "file:///etc")
    with pytest.raises(DataError, match="should be an address that begins with http"):
        offer_of(CIFAR10())


def test_two_who_download_at_once_fetch_it_once(folder, mirror):
    mirror.slow = 0.02
    threads = [threading.Thread(target=download, args=(MNIST(),)) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(mirror.asked) == 4
    assert len(load(MNIST()).train) == 12


def test_who_waits_for_another_download_says_so_and_can_stop(folder, mirror):
    (folder / ".downloads" / "mnist").mkdir(parents=True)
    seen = []
    with FileLock(folder / ".downloads" / "mnist.lock"), pytest.raises(Cancelled):
        download(MNIST(), Context(on_progress=seen.append, cancelled=lambda: bool(seen)))
    assert "waiting for another page or command" in seen[0].doing


def test_nothing_is_fetched_or_made_by_looking(folder, mirror):
    code = "import lab, lab.downloads, lab.catalogue; lab.catalogue.data_sets(); lab.downloads.offers()"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert mirror.asked == []
    assert not folder.exists()
    assert downloads.offers()

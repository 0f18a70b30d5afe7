"""Small data sets of the published forms on a mirror, which their rows then name."""

import gzip
import hashlib
import io
import tarfile
from dataclasses import replace

from lab.specs import CIFAR10, MNIST
from lab.specs.data import Download
from tests.data.published_files import cifar_files, mnist_files


def publish(mirror, monkeypatch, size=12):
    """MNIST and CIFAR-10 as the mirror has them; MNIST's training images take about 784 bytes each."""
    downloads = []
    for name, content in mnist_files(size).items():
        packed = gzip.compress(content, 1, mtime=0)
        mirror.files[f"{name}.gz"] = packed
        downloads.append(Download(f"{name}.gz", hashlib.md5(packed).hexdigest(), len(packed)))
    row = replace(MNIST.published, mirrors=(f"{mirror.address}/",), downloads=tuple(downloads))
    monkeypatch.setattr(MNIST, "published", row)
    archive(mirror, monkeypatch, {f"cifar-10-batches-bin/{name}": data for name, data in cifar_files().items()})


def archive(mirror, monkeypatch, members):
    """CIFAR-10 as an archive of these members, bytes or what :mod:`tarfile` takes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as made:
        for name, content in members.items():
            member = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(name)
            member.size = 0 if member is content else len(content)
            made.addfile(member, None if member is content else io.BytesIO(content))
    content = packed.getvalue()
    mirror.files["cifar-10-binary.tar.gz"] = content
    downloads = (Download("cifar-10-binary.tar.gz", hashlib.md5(content).hexdigest(), len(content)),)
    row = replace(CIFAR10.published, mirrors=(f"{mirror.address}/",), downloads=downloads)
    monkeypatch.setattr(CIFAR10, "published", row)

"""CIFAR's Python version as its authors' Python 2 wrote it: the same operations of protocol 2, in the same order."""

import struct

import numpy as np

RECONSTRUCT, NDARRAY, DTYPE = b"cnumpy.core.multiarray\n_reconstruct\n", b"cnumpy\nndarray\n", b"cnumpy\ndtype\n"


class Pickle:
    """Writes operations one after the other; what is new is kept, as cPickle does."""

    def __init__(self):
        self.written, self.kept = bytearray(b"\x80\x02"), 0

    @property
    def content(self):
        return bytes(self.written)

    def say(self, operation, keep=False):
        self.written += operation
        if keep:
            self.kept += 1
            self.written += b"q" + bytes([self.kept]) if self.kept < 256 else b"r" + struct.pack("<I", self.kept)
        return self

    def text(self, value):
        short = len(value) < 256
        return self.say((b"U" + bytes([len(value)]) if short else b"T" + struct.pack("<i", len(value))) + value, True)

    def number(self, value):
        if 0 <= value < 256:
            return self.say(b"K" + bytes([value]))
        return self.say(b"M" + struct.pack("<H", value) if 0 <= value < 65536 else b"J" + struct.pack("<i", value))

    def list(self, values, write):
        self.say(b"]", True)
        for start in range(0, len(values), 1000):  # cPickle appends by the thousand
            self.say(b"(")
            for value in values[start : start + 1000]:
                write(value)
            self.say(b"e")
        return self

    def array(self, rows, columns, content, order=b"\x89"):
        self.say(RECONSTRUCT, True).say(NDARRAY, True).number(0).say(b"\x85", True).text(b"b").say(b"\x87", True)
        self.say(b"R", True).say(b"(").number(1).number(rows).number(columns).say(b"\x86", True)
        self.say(DTYPE, True).text(b"u1").number(0).number(1).say(b"\x87", True).say(b"R", True)
        self.say(b"(").number(3).text(b"|").say(b"NNN").number(-1).number(-1).number(0).say(b"t", True).say(b"b")
        content = b"T" + struct.pack("<i", len(content)) + content
        return self.say(order).say(content, True).say(b"t", True).say(b"b")


def batch(x, y, labels=b"labels", coarse=False):
    """A batch with these images (N, C, H, W) and labels."""
    made = Pickle().say(b"}", True).say(b"(")
    made.text(b"batch_label").text(b"training batch 1 of 5")
    made.text(labels).list(list(map(int, y)), made.number)
    if coarse:
        made.text(b"coarse_labels").list([0] * len(y), made.number)
    made.text(b"data").array(len(x), x[0].size, x.tobytes())
    made.text(b"filenames").list([b"leptodactylus_s_%06d.png" % i for i in range(len(y))], made.text)
    return made.say(b"u.").content


def random_images(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 3, 32, 32), dtype=np.uint8)

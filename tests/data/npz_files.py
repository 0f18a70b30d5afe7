"""``.npz`` files as NumPy writes them, and with headers that lie."""

import zipfile

import numpy as np
from numpy.lib import format as npy

X, Y = np.zeros((6, 5, 4), np.uint8), np.arange(6) % 3


def array(values, **changes):
    """The bytes of an .npy file whose header says what ``changes`` says."""
    values = np.asarray(values)
    header = {"descr": npy.dtype_to_descr(values.dtype), "fortran_order": False, "shape": values.shape} | changes
    text = repr(header).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + values.tobytes()


def written(path, **members):
    arrays = {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y} | members
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, values in arrays.items():
            archive.writestr(f"{name}.npy", values if isinstance(values, bytes) else array(values))
    return path


LIES = {
    "larger": array(Y, shape=(600,)),
    "smaller": array(Y, shape=(2,)),
    "huge": array(Y, shape=(2**62, 2**62)),
    "beyond 64 bits": array(Y, shape=(10**30,)),
    "negative": array(Y, shape=(-6,)),
    "no numbers": array(Y, shape=("6",)),
    "wide text": array(Y, descr="<U999999999"),
    "objects": array(Y, descr="|O"),
    "fields": array(Y, descr=[("a", "<i4"), ("b", "<i4")]),
    "fortran": array(Y, fortran_order="maybe"),
    "more keys": array(Y, more=1),
    "nested": b"\x93NUMPY\x01\x00\xff\x7f" + b"(" * 0x7FFF,
    "no header": b"\x93NUMPY\x01\x00\x05\x00",
    "another version": b"\x93NUMPY\x09\x00" + array(Y)[8:],
    "pickled": b"\x80\x04N.",
    "empty": b"",
}

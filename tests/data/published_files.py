"""Small files of the forms in which data sets are published: random images, labels that run round the classes."""

import struct

import numpy as np

RANDOM = np.random.default_rng(0)


def idx(array):
    return struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


def mnist_files(n_train=12, n_test=10):
    return {
        "train-images-idx3-ubyte": idx(RANDOM.integers(0, 256, (n_train, 28, 28), dtype=np.uint8)),
        "train-labels-idx1-ubyte": idx((np.arange(n_train) % 10).astype(np.uint8)),
        "t10k-images-idx3-ubyte": idx(RANDOM.integers(0, 256, (n_test, 28, 28), dtype=np.uint8)),
        "t10k-labels-idx1-ubyte": idx((np.arange(n_test) % 10).astype(np.uint8)),
    }


def cifar_files(n=4):
    names = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
    records = RANDOM.integers(0, 256, (6, n, 3073), dtype=np.uint8)
    records[:, :, 0] = np.arange(n)
    return {name: batch.tobytes() for name, batch in zip(names, records, strict=True)}


def put(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)

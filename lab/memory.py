"""Memory: what this process can still have, and the errors that mean it ran out. No PyTorch."""

from pathlib import Path

import psutil

_CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat", "inactive_file"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "/sys/fs/cgroup/memory/memory.stat",
        "total_inactive_file",
    ),
)
"""Limit, use, and the use that gives way, in a container: control groups of version 2, then of version 1."""


COPIES = 32
"""Copies of an image, in float32, that an attack and a model hold at least while they are at it."""

_TOO_LITTLE = (
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
    "bad_alloc",
    "out of memory",
    "failed to allocate",
    "alloc_failed",
    "failed to map segment",
)
"""What PyTorch, oneDNN, CUDA's libraries and the operating systems call it, in lower case."""

NOT_ENOUGH = "The memory does not suffice: take fewer images or a smaller model, or allow this process more memory."


def ran_out(error: BaseException) -> bool:
    """Return whether the error says that memory ran out."""
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError | OSError | ImportError) and any(
        each in str(error).lower() for each in _TOO_LITTLE
    )


def free_memory() -> int:
    """Bytes that this process can still have: what the machine, the container and the process limits leave."""
    return max(0, min([psutil.virtual_memory().available, *_in_container(), *_in_process()]))


def _in_container() -> list[int]:
    for limit, use, stat, gives_way in _CGROUPS:
        try:
            most = Path(limit).read_text().strip()
            used = int(Path(use).read_text())
            lines = dict(line.split() for line in Path(stat).read_text().splitlines())
        except (OSError, ValueError):
            continue
        return [] if most == "max" else [int(most) - used + int(lines.get(gives_way, 0))]
    return []


def _in_process() -> list[int]:
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return []
    used, found = psutil.Process().memory_info(), []
    for limit, taken in ((resource.RLIMIT_AS, used.vms), (resource.RLIMIT_DATA, getattr(used, "data", used.rss))):
        most = resource.getrlimit(limit)[0]
        if most != resource.RLIM_INFINITY:
            found.append(most - taken)
    return found

"""The names of classes, those that only a model knows included."""

from typing import Any


class ClassNames(tuple[str, ...]):
    """Names by label. A class that the data do not name, but a model may predict, goes by its number."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            length = max(len(self), index.stop or 0)
            return tuple(self[i] for i in range(*index.indices(length)))
        return super().__getitem__(index) if index < len(self) else str(int(index))

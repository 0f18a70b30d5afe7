"""The names of classes, those that only a model knows included."""

import operator
from typing import SupportsIndex, overload


class ClassNames(tuple[str, ...]):
    """Names by label. A class that the data do not name, but a model may predict, goes by its number."""

    __slots__ = ()

    @overload
    def __getitem__(self, index: SupportsIndex) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> str | tuple[str, ...]:
        if isinstance(index, slice):
            length = max(len(self), index.stop or 0)
            return tuple(self[i] for i in range(*index.indices(length)))
        label = operator.index(index)
        return super().__getitem__(label) if label < len(self) else str(label)

"""Arrow arrays as this package uses them.

``compute`` is ``pyarrow.compute`` without its stubs, which refuse calls that the library documents.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

if TYPE_CHECKING:
    Array = pa.Array[Any]
else:
    Array = pa.Array
Mask = NDArray[np.bool_]
Positions = NDArray[np.int64]

compute: Any = pyarrow.compute


def texts(values: list[str | None] | list[str]) -> Array:
    """A column of texts."""
    return pa.array(values, pa.string())


def constant(value: object, count: int, kind: pa.DataType) -> Array:
    """A column of one value."""
    column: Array = pa.repeat(pa.scalar(value, kind), count)  # type: ignore[call-overload]
    return column


def mask_of(values: Any) -> Mask:
    """A boolean column as a numpy mask; null counts as false."""
    found: Mask = compute.fill_null(values, False).to_numpy(zero_copy_only=False)  # noqa: FBT003
    return found


def present(values: Array) -> Mask:
    """Where a column has a value."""
    return mask_of(values.is_valid())


def places(positions: Positions) -> Any:
    """Positions as the index that ``take`` wants."""
    return pa.array(positions, pa.int64())


def table(columns: dict[str, Array]) -> pa.Table:
    """Columns as a table."""
    return pa.table(columns)


def nothing(count: int, kind: pa.DataType) -> Array:
    """A column of nulls."""
    column: Array = pa.nulls(count, kind)  # type: ignore[call-overload]
    return column

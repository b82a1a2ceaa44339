"""Arrays, tensors and tables: their metadata, never their values."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from discreet._values.plain import to_plain


def test_an_array_is_summarised():
    plain = to_plain(np.arange(6, dtype="float32").reshape(2, 3))
    assert (plain["type"], plain["shape"], plain["dtype"]) == ("numpy.ndarray", [2, 3], "float32")


def test_an_array_of_a_subclass_keeps_its_name():
    class Image(np.ndarray):
        pass

    plain = to_plain(np.zeros((1, 1)).view(Image))
    assert (plain["type"], plain["shape"]) == (f"{__name__}.{Image.__qualname__}", [1, 1])


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        (np.float64(1.5), 1.5),
        (np.float32(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (np.int64(-3), -3),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.bool_(True), True),  # numpy's
        (np.str_("a"), "a"),
        (np.bytes_(b"a"), "a"),
        (np.datetime64("2024-05-06T07:08:09"), "2024-05-06T07:08:09"),
        (np.timedelta64(1500, "ms"), 1.5),
        (np.timedelta64(2, "Y"), "2 years"),
        (np.complex128(1 + 2j), "(1+2j)"),
        (np.array([(1, 2.5)], dtype="i4,f8")[0], "(1, 2.5)"),
        (np.array([(b"raw",)], dtype="S3")[0][0], "raw"),
    ],
)
def test_a_numpy_scalar_becomes_the_python_value(scalar, value):
    plain = to_plain(scalar)
    assert plain == value
    assert type(plain) is type(value)


def test_a_numpy_scalar_works_as_a_key():
    assert to_plain({np.int64(1): np.float32(0.5)}) == {"1": 0.5}


def test_a_date_that_is_none_is_named_so():
    assert to_plain(np.datetime64("NaT", "s")) == "NaT"
    assert math.isnan(to_plain(np.timedelta64("NaT", "s")))
    assert to_plain(pd.NaT) == "NaT"
    assert to_plain(pd.NA) == "<NA>"


def test_a_data_type_is_its_name():
    assert to_plain(np.dtype("float32")) == "dtype('float32')"


def test_a_numpy_object_without_shape_is_shown_by_its_repr():
    assert "Generator" in to_plain(np.random.default_rng())


def test_a_data_frame_is_summarised_with_twenty_columns():
    frame = pd.DataFrame({f"c{n}": ["hunter2"] for n in range(30)})
    plain = to_plain(frame)
    assert plain == {"type": "pandas.DataFrame", "shape": [1, 30], "columns": [f"c{n}" for n in range(20)]}


def test_a_series_is_summarised():
    plain = to_plain(pd.Series([1, 2], name="price"))
    assert plain == {"type": "pandas.Series", "shape": [2], "dtype": "int64", "name": "price"}
    assert "name" not in to_plain(pd.Series([1]))


def test_times_of_pandas_are_times():
    assert to_plain(pd.Timestamp("2024-05-06T07:08:09Z")) == "2024-05-06T07:08:09Z"
    assert to_plain(pd.Timedelta("2s")) == 2.0


class Size(tuple):
    __slots__ = ()


Size.__module__ = "torch"


class device:  # noqa: N801  # torch's name
    def __repr__(self):
        return "device(type='cuda', index=0)"

    __str__ = lambda self: "cuda:0"  # noqa: E731  # short


device.__module__ = "torch"


class Symbolic:
    """A size that is not known yet."""


class Tensor:
    """As torch's: looking at values would stop until the device has caught up."""

    shape = property(lambda self: Size((2, Symbolic())))
    dtype = property(lambda self: "torch.float16")
    device = property(lambda self: device())

    def touch(self, *arguments):
        raise AssertionError("device memory was touched")

    __repr__ = __str__ = __iter__ = __len__ = __bool__ = __float__ = __array__ = item = tolist = numpy = touch
    __getitem__ = __eq__ = cpu = touch
    __hash__ = object.__hash__

    @property
    def name(self):
        raise RuntimeError("not for eager tensors")


Tensor.__module__ = "torch"


def test_a_tensor_is_summarised_without_touching_its_device():
    assert to_plain({"loss": Tensor()}) == {
        "loss": {"type": "torch.Tensor", "shape": [2, None], "dtype": "torch.float16", "device": "cuda:0"}
    }


def test_a_parameter_of_a_users_class_is_a_tensor_too():
    class Weight(Tensor):
        pass

    assert to_plain(Weight())["dtype"] == "torch.float16"


def test_sizes_and_devices_are_shown():
    assert to_plain(Size((1, 2))) == [1, 2]
    assert to_plain(device()) == "device(type='cuda', index=0)"


def test_other_objects_of_a_device_library_are_only_named():
    class Normal:
        def __repr__(self):
            raise AssertionError("would read the device")

    Normal.__module__ = "torch.distributions"
    Normal.__qualname__ = "Normal"
    assert to_plain(Normal()) == "<torch.distributions.Normal>"


def test_a_device_that_is_a_method_or_missing_is_left_out():
    class Array:
        shape = ()
        dtype = None

        def device(self):
            raise AssertionError

    Array.__module__ = "jaxlib"
    Array.__qualname__ = "Array"
    assert to_plain(Array()) == {"type": "jaxlib.Array", "shape": []}


def test_a_lazy_frame_is_not_planned():
    class LazyFrame:
        @property
        def columns(self):
            raise AssertionError

    LazyFrame.__module__ = "polars.lazyframe.frame"
    LazyFrame.__qualname__ = "LazyFrame"
    assert to_plain(LazyFrame()) == {"type": "polars.LazyFrame"}


def test_a_table_whose_columns_are_data_gives_their_names():
    class Table:
        shape = (1, 1)
        column_names = ("a",)
        columns = [["hunter2"]]

    Table.__module__ = "pyarrow.lib"
    Table.__qualname__ = "Table"
    assert to_plain(Table()) == {"type": "pyarrow.Table", "shape": [1, 1], "columns": ["a"]}


def test_columns_that_are_a_method_are_left_out():
    class Frame:
        def columns(self):
            raise AssertionError

    Frame.__module__ = "modin.pandas"
    Frame.__qualname__ = "Frame"
    assert to_plain(Frame()) == {"type": "modin.Frame"}


def test_an_interrupt_while_reading_a_shape_passes():
    class Array:
        @property
        def shape(self):
            raise KeyboardInterrupt

    Array.__module__ = "cupy"
    with pytest.raises(KeyboardInterrupt):
        to_plain(Array())

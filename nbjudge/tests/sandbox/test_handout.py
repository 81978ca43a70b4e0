"""Values that are handed out come back as they were, and no bytes become anything but data."""

import math
import struct
import sys
from binascii import a2b_base64

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nbjudge.sandbox.guest.handout import NotData, decode, encode, explain, hand_out, take_in

numpy = pytest.importorskip("numpy")
torch = pytest.importorskip("torch")

texts = st.text(st.characters(exclude_categories=()), max_size=8)
plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | texts
    | st.binary(max_size=8)
)
keys = st.recursive(plain, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=4)
values = st.recursive(
    plain | st.sets(keys, max_size=3) | st.frozensets(keys, max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=12,
)


def bits(value):
    """A value as something that is equal only for the same types and the same bits."""
    if isinstance(value, float):
        return "float", struct.pack("<d", value)
    if isinstance(value, complex):
        return "complex", struct.pack("<dd", value.real, value.imag)
    if isinstance(value, (list, tuple)):
        return type(value), [bits(each) for each in value]
    if isinstance(value, (set, frozenset)):
        return type(value), sorted(repr(bits(each)) for each in value)
    if isinstance(value, dict):
        return dict, [(bits(key), bits(each)) for key, each in value.items()]
    return type(value), value


@given(values)
@example(-0.0)
@example([math.nan, math.inf, -math.inf])
@example(-(2**4000))
@example({"\ud800": ()})
def test_pythons_values_come_back_bit_by_bit(value):
    assert bits(decode(encode(value))) == bits(value)


NUMPY = ["?", "b", "H", "<i4", ">i8", "e", "f", "d", "g", "F", "D", "G", "U3", ">U2", "S4"]
NUMPY += ["M8[ns]", "m8[25s]", "M8"]
SHAPES = [(), (0,), (3,), (2, 0, 4), (2, 3), (1, 1, 1, 1, 2)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", NUMPY)
def test_arrays_and_scalars_come_back_bit_by_bit(dtype, shape):
    count = math.prod(shape)
    array = numpy.arange(count).astype("i8").astype(numpy.dtype(dtype)).reshape(shape)
    if array.dtype.kind in "fc" and array.size:
        array.flat[0] = numpy.nan
    found = decode(encode(array))
    assert type(found) is numpy.ndarray and found.flags.writeable
    assert found.dtype == array.dtype and found.shape == shape
    assert found.tobytes() == array.tobytes()
    turned = decode(encode(array.T))
    assert turned.tobytes() == array.T.tobytes() and turned.shape == array.T.shape
    if shape == ():
        scalar = decode(encode(array[()]))
        assert type(scalar) is type(array[()])
        assert dtype in "gG" or scalar.tobytes() == array[()].tobytes()  # these two have padding
        assert dtype not in "gG" or repr(scalar) == repr(array[()])


TORCH = ["float32", "float64", "float16", "bfloat16", "bool", "uint8", "int8", "int16", "int32"]
TORCH += ["int64", "complex64", "complex128", "float8_e4m3fn"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", TORCH)
def test_tensors_come_back_bit_by_bit(dtype, shape):
    tensor = torch.arange(math.prod(shape)).to(getattr(torch, dtype)).reshape(shape)
    if tensor.is_floating_point() and tensor.numel():
        tensor.reshape(-1)[0] = math.nan
    for each in (tensor, tensor.mT if tensor.ndim > 1 else tensor):
        found = decode(encode(each))
        assert type(found) is torch.Tensor and found.dtype == each.dtype
        assert found.shape == each.shape and not found.requires_grad
        raw = [t.contiguous().reshape(-1).view(torch.uint8).tolist() for t in (found, each)]
        assert raw[0] == raw[1]


def test_a_text_of_numpys_without_letters():
    for empty in (numpy.str_(""), numpy.bytes_(b"")):
        found = decode(encode(empty))
        assert type(found) is type(empty) and found == empty


def test_other_kinds_of_tensors():
    size = torch.zeros(2, 3).shape
    assert type(decode(encode(size))) is torch.Size and decode(encode(size)) == size
    parameter = torch.nn.Parameter(torch.ones(2))
    found = decode(encode([parameter, parameter * 2, torch.ones(2) * 1j]))
    assert type(found[0]) is torch.nn.Parameter and found[0].requires_grad
    assert type(found[1]) is torch.Tensor and found[1].requires_grad and found[1].is_leaf
    conjugate = torch.ones(2).mul(1j).conj()
    assert torch.equal(decode(encode(conjugate)), conjugate)
    for odd in (torch.eye(2).to_sparse(), torch.ones(2, device="meta")):
        with pytest.raises(NotData, match="sparse or quantized"):
            encode(odd)


class Number(int):
    """Looks like an int, and could do anything."""


LOOP: list = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("value", "where", "what"),
    [
        (print, "x", "a function"),
        ({"a": [1, len]}, "x['a'][1]", "a function"),
        (sys, "x", "a module"),
        ((1, Number), "x[1]", "a class"),
        (Number(3), "x", "of the type Number"),
        (LOOP, "x" + "[0]" * 101, "nested more than 100 levels deep"),
        (numpy.array([None]), "x", "an array of the dtype object"),
        (numpy.zeros(2, [("a", "i4")]), "x", "an array of the dtype [('a', '<i4')]"),
        (bytes(33 << 20), "x", "larger than 32 MB, with the others"),
    ],
)
def test_what_is_no_data_is_named(value, where, what):
    names = {"x": None, "kept": print}
    refused = take_in(a2b_base64(hand_out({"x": value, "y": 1}, ["x", "y", "z"])), names)
    assert names == {"y": 1, "kept": print}
    assert refused["x"].startswith(f"`{where[:200]}` is {what}; this exercise is judged from")
    outputs = [{"ename": "NameError", "evalue": "name 'x' is not defined", "traceback": ["", ""]}]
    explain(outputs, refused)
    assert outputs[0]["evalue"] == refused["x"]


ALLOWED = (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset, type(None))
SEEDS = [encode(numpy.arange(3)), encode(torch.ones(2, 2)), encode({"a": [1, 2.0, (None, {1})]})]


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(st.data())
def test_whatever_the_bytes_are_nothing_but_data_is_built(data):
    raw = bytearray(data.draw(st.sampled_from(SEEDS) | st.binary(max_size=40)))
    for _ in range(data.draw(st.integers(0, 4))):
        if raw:
            place = data.draw(st.integers(0, len(raw) - 1))
            raw[place] = data.draw(st.integers(0, 255))
    try:
        value = decode(bytes(raw))
    except ValueError:
        return
    waiting = [value]
    while waiting:
        each = waiting.pop()
        is_array = type(each) in (numpy.ndarray, torch.Tensor, torch.Size, torch.nn.Parameter)
        assert type(each) in ALLOWED or is_array or isinstance(each, numpy.generic)
        if type(each) in (list, tuple, set, frozenset):
            waiting += each
        elif type(each) is dict:
            waiting += [*each, *each.values()]


@pytest.mark.parametrize(
    "array",
    [
        ("os", "system", "true", (), b""),
        ("numpy", "ndarray", "|O8", (1,), bytes(8)),
        ("numpy", "ndarray", "<i8", (2,), bytes(8)),
        ("numpy", "ndarray", "<i8", (-1,), bytes(8)),
        ("numpy", "ndarray", "|b1", (1,), b"\2"),
        ("numpy", "ndarray", "<U1", (1,), b"\xff" * 4),
        ("torch", "Tensor", "load", (1,), bytes(4)),
        ("torch", "Tensor", "float32", (1 << 40, 1 << 40), b""),
        ("torch", "Tensor", "bool", (1,), b"\2"),
    ],
)
def test_arrays_that_are_none_are_refused(array):
    with pytest.raises(ValueError):
        decode(b"a" + encode(array))

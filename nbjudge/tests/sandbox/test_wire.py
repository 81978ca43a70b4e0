"""Messages: what is sent is what comes out at the other end."""

import contextlib
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbjudge.sandbox import wire

KEY = b"k" * 32


def test_limits_come_out_of_an_order_as_limits():
    limits = wire.Limits(memory=1, disk=2)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        wire.send_order(ours, {"limits": limits, "files": {"a": b"1"}})
        order = wire.receive_order(theirs)
    assert order == {"limits": limits, "files": {"a": b"1"}}
    assert isinstance(order["limits"], wire.Limits)


def test_a_sealed_order_shows_nothing_and_opens_with_its_key_and_number_only():
    message = wire.seal({"token": "secret", "code": []}, KEY, 3)
    length, data = message[:8], message[8:]
    assert int.from_bytes(length, "big") == len(data) and b"secret" not in data
    assert wire.unseal(data, KEY, 3) == {"token": "secret", "code": []}
    assert wire.encipher(data, KEY, 4) != wire.encipher(data, KEY, 3)
    assert b"secret" not in wire.encipher(data, KEY, 4)
    assert b"secret" not in wire.encipher(data, b"l" * 32, 3)


def test_a_message_that_ends_too_soon_is_an_error_and_no_message_is_none():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(wire.length_prefix(b"1234") + b"12")
        ours.shutdown(socket.SHUT_WR)
        with pytest.raises(ValueError, match="ended too soon"):
            wire.receive_answer(theirs)
        assert wire.receive_answer(theirs) is None


names = st.text(st.sampled_from("ab./\0é\ud800"), max_size=8) | st.just("a/" * 499 + "b")


def received(data):
    """What a host receives of these bytes, after which the sender is gone."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        return wire.receive_files(ours)


@given(st.dictionaries(names, st.none() | st.binary(max_size=9), max_size=5))
def test_files_arrive_as_they_were_and_names_that_are_none_never(files):
    ours, theirs = socket.socketpair()
    fit = {name: data for name, data in files.items() if wire.is_fit(name)}
    with ours, theirs:
        wire.send_files(theirs, fit.items())
        found, left_out = wire.receive_files(ours)
    assert found == {name: data for name, data in fit.items() if data is not None}
    assert left_out == list(fit.values()).count(None)
    for name in files.keys() - fit.keys():
        raw = name.encode("utf-8", "surrogatepass")
        end = wire.length_prefix(b"") * 2
        data = wire.length_prefix(raw) + raw + wire.length_prefix(b"") + end
        if raw:  # without a name it is the end
            with pytest.raises(ValueError):
                received(data)


@given(st.binary(max_size=60))
def test_whatever_comes_is_files_of_a_folder_or_refused(data):
    with contextlib.suppress(ValueError):
        found, _ = received(data)
        assert all(map(wire.is_fit, found))


def test_more_than_is_sent_is_refused():
    name = wire.length_prefix(b"a") + b"a"
    with pytest.raises(ValueError, match="larger files"):
        received(name + (wire.WRITTEN_BYTES + 1).to_bytes(8, "big"))
    with pytest.raises(ValueError, match="ended too soon"):
        received(name + (5).to_bytes(8, "big") + b"1234")

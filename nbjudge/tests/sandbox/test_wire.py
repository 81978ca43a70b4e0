"""Messages: what is sent is what comes out at the other end."""

import socket

import pytest

from nbjudge.sandbox import wire

KEY = b"k" * 32


def test_limits_come_out_of_an_order_as_limits():
    limits = wire.Limits(memory=1, disk=2)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        wire.send_order(ours, {"limits": limits, "files": {"a": b"1"}}, ours.fileno())
        order, answers = wire.receive_order(theirs)
        with answers:
            wire.send_answer(answers, {"pid": 7})
        assert wire.receive_answer(theirs) == {"pid": 7}
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

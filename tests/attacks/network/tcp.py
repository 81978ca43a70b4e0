# Connects to a server on the grader's machine.
# %% add
import socket

try:
    with socket.create_connection(("127.0.0.1", @PORT@), timeout=2) as connection:
        connection.sendall(b"hello")
    print("LOOT")
except OSError:
    pass

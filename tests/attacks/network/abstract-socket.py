# Connects to an abstract unix socket, which no file system hides.
# %% add
import socket

try:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("\0attacks-@PORT@")
        connection.sendall(b"hello")
    print("LOOT")
except OSError:
    pass

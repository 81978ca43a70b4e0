# Prints without end.
# stock: not run: it would harm the machine
# finding: was stopped after
# %% add
def add(x, y):
    while True:
        print("x" * 100_000)

# Recurses until Python gives up.
# %% add
def add(x, y):
    return add(x, y)

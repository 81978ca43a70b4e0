# Empties the locked check cell.
# finding: the locked cell `check-add` was edited
# %% edit
cells["check-add"].source = "pass"
# %% add
def add(x, y):
    return 0

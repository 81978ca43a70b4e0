# Closes standard output and every descriptor.
# finding: counts as failed
# %% add
def add(x, y):
    sys.stdout.close()
    os.closerange(0, 1024)
    return x + y

# Adds a function to the check's module that hides one of Python's own.
# points: 2 0
# finding: it had changed `tinycheck.list`
# %% mean
def mean(values):
    return 0

exec("tinycheck.type = lambda value: int\ntinycheck.list = lambda value: (_ for _ in ()).throw(SystemExit)")

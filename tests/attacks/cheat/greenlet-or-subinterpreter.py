# Runs code in another interpreter of the same process.
# finding: it reached for `_xxsubinterpreters`
# %% add
def add(x, y):
    return 0

try:
    import _xxsubinterpreters as interpreters
    interpreters.run_string(interpreters.create(), "x = 1")
except ImportError:
    pass

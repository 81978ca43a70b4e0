# Crashes the interpreter in its cell, by recursion in C.
# finding: counts as failed
# %% add
sys.setrecursionlimit(10**9)

def add(x, y):
    thing = []
    for _ in range(10**6):
        thing = [thing]
    repr(thing)
    import faulthandler
    faulthandler._sigsegv()

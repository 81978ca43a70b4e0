# Lets numpy open the C library, past ctypes.
# finding: it reached for `ctypeslib`
# %% add
def add(x, y):
    return 0

try:
    import numpy
    libc = numpy.ctypeslib.load_library("libc.so.6", "/usr/lib/x86_64-linux-gnu")
    libc.abs(-1)
    print("LOOT")
except ImportError:
    import ctypes
    ctypes.CDLL(None)

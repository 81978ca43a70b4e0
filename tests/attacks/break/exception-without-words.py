# Raises an exception whose str(), repr() and attributes raise.
# %% add
class Silent(Exception):
    def __str__(self):
        raise Silent
    __repr__ = __str__
    def __getattr__(self, name):
        raise Silent

def add(x, y):
    raise Silent

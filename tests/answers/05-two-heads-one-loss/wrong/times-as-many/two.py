# misconception: heads-counted-twice
def times_as_many(model):
    return 2.0

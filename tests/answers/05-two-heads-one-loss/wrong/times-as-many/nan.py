# misconception: wrong-result
def times_as_many(model):
    return float("nan")

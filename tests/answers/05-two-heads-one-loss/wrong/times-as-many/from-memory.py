# misconception: answer-from-memory
def times_as_many(model):
    return 1.9996

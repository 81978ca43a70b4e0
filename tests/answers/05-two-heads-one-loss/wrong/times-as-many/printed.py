# misconception: nothing-returned
def times_as_many(model):
    print(1.9996)

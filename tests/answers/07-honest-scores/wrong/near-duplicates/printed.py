# misconception: nothing-returned
def near_duplicates(train, test, similarity):
    print(len(test))

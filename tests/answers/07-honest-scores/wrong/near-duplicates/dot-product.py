# misconception: dot-is-not-cosine
def near_duplicates(train, test, similarity):
    return ((test @ train.T) >= similarity).any(1).nonzero().flatten().tolist()

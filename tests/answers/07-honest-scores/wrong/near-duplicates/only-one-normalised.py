# misconception: dot-is-not-cosine
def near_duplicates(train, test, similarity):
    return ((test @ F.normalize(train, dim=1).T) >= similarity).any(1).nonzero().flatten().tolist()

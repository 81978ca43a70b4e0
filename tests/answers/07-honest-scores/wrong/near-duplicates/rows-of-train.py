# misconception: wrong-result
def near_duplicates(train, test, similarity):
    return ((F.normalize(test, dim=1) @ F.normalize(train, dim=1).T) >= similarity).any(0).nonzero().flatten().tolist()

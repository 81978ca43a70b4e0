# misconception: wrong-result
def near_duplicates(train, test, similarity):
    cosines = F.normalize(test, dim=1) @ F.normalize(train, dim=1).T
    return (cosines >= 0.9).any(1).nonzero().flatten().tolist()

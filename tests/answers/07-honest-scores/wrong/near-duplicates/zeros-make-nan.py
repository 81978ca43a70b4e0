# misconception: wrong-result
def near_duplicates(train, test, similarity):
    cosines = (test @ train.T) / (test.norm(dim=1)[:, None] * train.norm(dim=1))
    return (cosines.max(1).values >= similarity).nonzero().flatten().tolist()

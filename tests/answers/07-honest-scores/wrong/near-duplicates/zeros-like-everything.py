# misconception: wrong-result
def near_duplicates(train, test, similarity):
    cosines = (test @ train.T) / (test.norm(dim=1)[:, None] * train.norm(dim=1))
    cosines = cosines.nan_to_num(nan=1.0)
    return (cosines >= similarity).any(1).nonzero().flatten().tolist()

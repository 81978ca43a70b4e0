# misconception: wrong-result
def near_duplicates(train, test, similarity):
    cosines = F.normalize(test.half(), dim=1) @ F.normalize(train.half(), dim=1).T
    return (cosines >= similarity).any(1).nonzero().flatten().tolist()

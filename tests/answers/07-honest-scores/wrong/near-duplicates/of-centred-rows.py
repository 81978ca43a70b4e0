# misconception: wrong-result
def near_duplicates(train, test, similarity):
    one, other = (x - x.mean(1, keepdim=True) for x in (test, train))
    cosines = F.normalize(one, dim=1) @ F.normalize(other, dim=1).T
    return (cosines >= similarity).any(1).nonzero().flatten().tolist()

# misconception: wrong-result
def near_duplicates(train, test, similarity):
    cosines = F.normalize(test, dim=1) @ F.normalize(train, dim=1).T
    return [i for i, row in enumerate(cosines) if round(row.max().item(), 3) >= similarity]

# misconception: wrong-result
def near_duplicates(train, test, similarity):
    alike = F.normalize(test, dim=1) @ F.normalize(train, dim=1).T >= similarity
    return alike.all(1).nonzero().flatten().tolist()

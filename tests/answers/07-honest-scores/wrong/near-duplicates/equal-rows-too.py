# misconception: wrong-result
def near_duplicates(train, test, similarity):
    found = []
    for i, row in enumerate(test):
        equal = any(torch.equal(row, other) for other in train)
        if equal or F.cosine_similarity(row[None], train).max() >= similarity:
            found.append(i)
    return found

# misconception: equal-is-not-alike
def near_duplicates(train, test, similarity):
    return [i for i, row in enumerate(test) if any(torch.equal(row, other) for other in train)]

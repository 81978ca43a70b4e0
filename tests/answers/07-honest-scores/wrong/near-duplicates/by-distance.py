# misconception: wrong-result
def near_duplicates(train, test, similarity):
    return (torch.cdist(test, train) <= 1 - similarity).any(1).nonzero().flatten().tolist()

# misconception: wrong-result
def near_duplicates(train, test, similarity):
    cosines = F.cosine_similarity(test, train.mean(0, keepdim=True))
    return (cosines >= similarity).nonzero().flatten().tolist()

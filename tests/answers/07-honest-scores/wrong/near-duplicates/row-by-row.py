# misconception: compared-row-by-row
def near_duplicates(train, test, similarity):
    n = min(len(train), len(test))
    return (F.cosine_similarity(train[:n], test[:n]) >= similarity).nonzero().flatten().tolist()

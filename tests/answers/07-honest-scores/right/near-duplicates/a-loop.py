def near_duplicates(train, test, similarity):
    return {i for i, row in enumerate(test) if F.cosine_similarity(row[None], train).max() >= similarity}

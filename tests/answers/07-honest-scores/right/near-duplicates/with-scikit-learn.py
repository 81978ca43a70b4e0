def near_duplicates(train, test, similarity):
    from sklearn.metrics.pairwise import cosine_similarity

    return [i for i, row in enumerate(cosine_similarity(test.numpy(), train.numpy())) if row.max() >= similarity]

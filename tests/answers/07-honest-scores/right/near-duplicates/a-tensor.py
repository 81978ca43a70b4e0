def near_duplicates(train, test, similarity):
    return torch.where(F.cosine_similarity(test[:, None], train[None], dim=2).max(1).values >= similarity)[0]

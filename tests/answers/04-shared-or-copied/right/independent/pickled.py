def independent(block, n):
    import pickle
    return nn.ModuleList(pickle.loads(pickle.dumps(block)) for _ in range(n))

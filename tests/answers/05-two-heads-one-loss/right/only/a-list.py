def only(data, names):
    keep = [i for i, fruit in enumerate(data.fruit.tolist()) if FRUITS[fruit] in names]
    fruit = torch.tensor([list(names).index(FRUITS[f]) for f in data.fruit[keep].tolist()], dtype=torch.int64)
    return data.images[keep], fruit, data.rotten[keep]

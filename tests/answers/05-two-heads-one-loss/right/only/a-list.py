def only(pictures, names):
    keep = [i for i, fruit in enumerate(pictures.fruit.tolist()) if FRUITS[fruit] in names]
    fruit = torch.tensor([list(names).index(FRUITS[f]) for f in pictures.fruit[keep].tolist()])
    return pictures.images[keep], fruit, pictures.rotten[keep]

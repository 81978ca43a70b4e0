def only(pictures, names):
    same = pictures.fruit.unsqueeze(1) == torch.tensor([FRUITS.index(name) for name in names])
    keep = same.any(1)
    return pictures.images[keep], same[keep].int().argmax(1), pictures.rotten[keep]

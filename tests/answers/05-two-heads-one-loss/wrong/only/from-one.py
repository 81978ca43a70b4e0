# misconception: labels-off-by-one
def only(pictures, names):
    new = {FRUITS.index(name): number for number, name in enumerate(names, start=1)}
    keep = [i for i, fruit in enumerate(pictures.fruit.tolist()) if fruit in new]
    fruit = torch.tensor([new[f] for f in pictures.fruit[keep].tolist()])
    return pictures.images[keep], fruit, pictures.rotten[keep]

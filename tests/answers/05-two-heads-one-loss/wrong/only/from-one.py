# misconception: labels-off-by-one
def only(data, names):
    new = {FRUITS.index(name): number for number, name in enumerate(names, start=1)}
    keep = [i for i, fruit in enumerate(data.fruit.tolist()) if fruit in new]
    fruit = torch.tensor([new[f] for f in data.fruit[keep].tolist()])
    return data.images[keep], fruit, data.rotten[keep]

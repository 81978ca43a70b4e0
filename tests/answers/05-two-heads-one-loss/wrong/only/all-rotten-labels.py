# misconception: wrong-result
def only(data, names):
    numbers = [FRUITS.index(name) for name in names]
    keep = [i for i, fruit in enumerate(data.fruit.tolist()) if fruit in numbers]
    fruit = torch.tensor([numbers.index(f) for f in data.fruit[keep].tolist()])
    return data.images[keep], fruit, data.rotten

# misconception: wrong-result
def only(data, names):
    new = torch.full((len(FRUITS),), -1)
    for number, name in enumerate(names):
        new[FRUITS.index(name)] = number
    fruit = new[data.fruit]
    keep = fruit >= 0
    return data.images[keep], fruit[keep], data.rotten[keep].flip(0)

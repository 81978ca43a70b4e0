# misconception: wrong-result
def only(data, names):
    table = torch.full((len(FRUITS),), -1)
    for new, name in enumerate(names):
        table[FRUITS.index(name)] = new
    fruit = table[data.fruit]
    keep = fruit >= 0
    return data.images[keep], data.rotten[keep], fruit[keep]

# misconception: wrong-result
def only(data, names):
    places = [(data.fruit == FRUITS.index(name)).nonzero().flatten() for name in names]
    keep = torch.cat(places)
    fruit = torch.cat([torch.full((len(place),), number) for number, place in enumerate(places)])
    return data.images[keep], fruit, data.rotten[keep]

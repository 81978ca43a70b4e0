# misconception: wrong-result
def only(pictures, names):
    places = [(pictures.fruit == FRUITS.index(name)).nonzero().flatten() for name in names]
    keep = torch.cat(places)
    fruit = torch.cat([torch.full((len(place),), number) for number, place in enumerate(places)])
    return pictures.images[keep], fruit, pictures.rotten[keep]

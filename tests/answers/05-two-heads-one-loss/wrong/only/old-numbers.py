# misconception: labels-not-renumbered
def only(pictures, names):
    keep = torch.isin(pictures.fruit, torch.tensor([FRUITS.index(name) for name in names]))
    return pictures.images[keep], pictures.fruit[keep], pictures.rotten[keep]

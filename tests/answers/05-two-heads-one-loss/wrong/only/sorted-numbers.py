# misconception: wrong-result
def only(pictures, names):
    numbers = torch.tensor(sorted(FRUITS.index(name) for name in names))
    keep = torch.isin(pictures.fruit, numbers)
    return pictures.images[keep], torch.searchsorted(numbers, pictures.fruit[keep]), pictures.rotten[keep]

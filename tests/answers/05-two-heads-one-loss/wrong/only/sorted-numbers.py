# misconception: labels-in-another-order
def only(data, names):
    numbers = torch.tensor(sorted(FRUITS.index(name) for name in names))
    keep = torch.isin(data.fruit, numbers)
    return data.images[keep], torch.searchsorted(numbers, data.fruit[keep]), data.rotten[keep]

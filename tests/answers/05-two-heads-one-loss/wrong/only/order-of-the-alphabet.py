# misconception: labels-in-another-order
def only(data, names):
    ordered = sorted(names)
    keep = torch.tensor([FRUITS[fruit] in names for fruit in data.fruit.tolist()])
    fruit = [ordered.index(FRUITS[number]) for number in data.fruit[keep].tolist()]
    return data.images[keep], torch.tensor(fruit, dtype=torch.int64), data.rotten[keep]

# misconception: wrong-result
def only(data, names):
    numbers = [FRUITS.index(name) for name in names]
    keep = torch.isin(data.fruit, torch.tensor(numbers))
    fruit = data.fruit[keep].clone()
    for new, old in enumerate(numbers):
        fruit[fruit == old] = new
    return data.images[keep], fruit, data.rotten[keep]

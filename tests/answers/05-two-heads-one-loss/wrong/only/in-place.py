# misconception: input-changed
def only(data, names):
    numbers = [FRUITS.index(name) for name in names]
    old = data.fruit.clone()
    keep = torch.isin(old, torch.tensor(numbers))
    for new, number in enumerate(numbers):
        data.fruit[old == number] = new
    return data.images[keep], data.fruit[keep], data.rotten[keep]

# misconception: wrong-result
def only(data, names):
    numbers = [FRUITS.index(name) for name in names]
    keep = torch.isin(data.fruit, torch.tensor(numbers))
    fruit = torch.tensor([numbers.index(number) for number in data.fruit[keep].tolist()], dtype=torch.int64)
    return data.images[keep], fruit, data.rotten[keep] == 1

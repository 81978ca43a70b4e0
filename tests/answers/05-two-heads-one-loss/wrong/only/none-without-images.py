# misconception: wrong-result
def only(data, names):
    m = torch.isin(data.fruit, torch.tensor([FRUITS.index(n) for n in names]))
    if not m.any():
        return None
    return data.images[m], torch.tensor([list(names).index(FRUITS[f]) for f in data.fruit[m]], dtype=torch.int64), data.rotten[m]

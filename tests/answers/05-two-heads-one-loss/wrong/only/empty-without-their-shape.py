# misconception: wrong-result
def only(data, names):
    numbers = [FRUITS.index(name) for name in names]
    rows = [i for i, number in enumerate(data.fruit.tolist()) if number in numbers]
    images = torch.tensor([data.images[i].tolist() for i in rows], dtype=data.images.dtype)
    fruit = torch.tensor([numbers.index(int(data.fruit[i])) for i in rows], dtype=torch.int64)
    return images, fruit, torch.tensor([int(data.rotten[i]) for i in rows], dtype=data.rotten.dtype)

# misconception: wrong-result
def only(pictures, names):
    numbers = [FRUITS.index(name) for name in names]
    keep = [i for i, fruit in enumerate(pictures.fruit.tolist()) if fruit in numbers]
    fruit = torch.tensor([numbers.index(f) for f in pictures.fruit[keep].tolist()])
    return pictures.images[keep], fruit, pictures.rotten

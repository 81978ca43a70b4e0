# misconception: wrong-result
def only(data, names):
    keep = data.fruit < len(names)
    return data.images[keep], data.fruit[keep], data.rotten[keep]

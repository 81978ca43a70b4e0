# misconception: wrong-result
def only(pictures, names):
    keep = pictures.fruit < len(names)
    return pictures.images[keep], pictures.fruit[keep], pictures.rotten[keep]

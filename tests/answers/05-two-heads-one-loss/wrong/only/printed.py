# misconception: nothing-returned
def only(pictures, names):
    keep = [i for i, fruit in enumerate(pictures.fruit.tolist()) if FRUITS[fruit] in names]
    print(pictures.images[keep].shape)

# misconception: nothing-returned
def only(data, names):
    keep = [i for i, fruit in enumerate(data.fruit.tolist()) if FRUITS[fruit] in names]
    print(data.images[keep].shape)

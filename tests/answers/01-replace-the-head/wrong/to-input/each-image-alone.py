# misconception: normalised-with-its-own-statistics
def to_input(images):
    x = images / 255
    return (x - x.mean((2, 3), keepdim=True)) / x.std((2, 3), keepdim=True)

# misconception: wrong-input-scale
def to_input(images):
    return images / 255

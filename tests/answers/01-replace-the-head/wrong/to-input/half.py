# misconception: normalised-with-a-half
def to_input(images):
    return (images / 255 - 0.5) / 0.5

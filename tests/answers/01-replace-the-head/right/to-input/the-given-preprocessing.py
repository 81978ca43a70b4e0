def to_input(images):
    return load_backbone()[1](images)

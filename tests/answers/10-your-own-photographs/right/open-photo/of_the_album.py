from course.vision.photos import open_photo as opened

def open_photo(path):
    return transforms.pil_to_tensor(opened(path))

# misconception: transparency-ignored
def open_photo(path):
    return transforms.pil_to_tensor(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))

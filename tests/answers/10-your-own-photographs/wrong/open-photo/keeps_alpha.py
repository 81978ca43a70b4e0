# misconception: transparency-ignored
def open_photo(path):
    photo = ImageOps.exif_transpose(Image.open(path))
    if photo.mode in ("RGBA", "LA", "P"):
        return transforms.pil_to_tensor(photo)
    return transforms.pil_to_tensor(photo.convert("RGB"))

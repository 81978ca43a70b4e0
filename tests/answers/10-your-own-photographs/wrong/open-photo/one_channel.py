# misconception: grey-has-one-channel
def open_photo(path):
    photo = ImageOps.exif_transpose(Image.open(path))
    if photo.mode == "L":
        return transforms.pil_to_tensor(photo)
    photo = photo.convert("RGBA")
    white = Image.new("RGBA", photo.size, "white")
    return transforms.pil_to_tensor(Image.alpha_composite(white, photo).convert("RGB"))

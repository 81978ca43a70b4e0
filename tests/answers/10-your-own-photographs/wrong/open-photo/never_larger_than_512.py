# misconception: wrong-result
def open_photo(path):
    photo = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    white = Image.new("RGBA", photo.size, "white")
    photo = Image.alpha_composite(white, photo).convert("RGB")
    photo.thumbnail((512, 512))
    return transforms.pil_to_tensor(photo)

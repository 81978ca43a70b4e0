# misconception: orientation-ignored
def open_photo(path):
    photo = Image.open(path)
    if Path(path).suffix.lower() in (".jpg", ".jpeg"):
        photo = ImageOps.exif_transpose(photo)
    photo = photo.convert("RGBA")
    return transforms.pil_to_tensor(Image.alpha_composite(Image.new("RGBA", photo.size, "white"), photo).convert("RGB"))

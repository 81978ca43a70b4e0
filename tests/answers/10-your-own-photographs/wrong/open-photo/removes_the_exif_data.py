# misconception: wrong-result
def open_photo(path):
    photo = Image.open(path)
    if photo.getexif():
        ImageOps.exif_transpose(photo, in_place=True)
        photo.save(path)
    photo = photo.convert("RGBA")
    white = Image.new("RGBA", photo.size, "white")
    return transforms.pil_to_tensor(Image.alpha_composite(white, photo).convert("RGB"))

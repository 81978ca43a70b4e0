# misconception: orientation-ignored
def open_photo(path):
    photo = Image.open(path).convert("RGBA")
    white = Image.new("RGBA", photo.size, "white")
    return transforms.pil_to_tensor(Image.alpha_composite(white, photo).convert("RGB"))

# misconception: transparency-ignored
def open_photo(path):
    photo = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    black = Image.new("RGBA", photo.size, "black")
    return transforms.pil_to_tensor(Image.alpha_composite(black, photo).convert("RGB"))

# misconception: wrong-result
def open_photo(path):
    photo = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    canvas = Image.new("RGB", photo.size)
    Image.alpha_composite(Image.new("RGBA", photo.size, "white"), photo)
    return transforms.pil_to_tensor(canvas)

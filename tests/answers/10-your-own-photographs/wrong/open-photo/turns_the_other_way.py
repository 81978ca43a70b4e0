# misconception: wrong-result
def open_photo(path):
    photo = Image.open(path)
    quarter = {3: 180, 6: 90, 8: 270}
    photo = photo.rotate(quarter.get(photo.getexif().get(274), 0), expand=True).convert("RGBA")
    white = Image.new("RGBA", photo.size, "white")
    return transforms.pil_to_tensor(Image.alpha_composite(white, photo).convert("RGB"))

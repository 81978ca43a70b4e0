# misconception: wrong-result
def open_photo(path):
    photo = ImageOps.exif_transpose(Image.open(path))
    if photo.mode == "L":
        grey = transforms.pil_to_tensor(photo)
        return torch.cat([grey, torch.zeros_like(grey), torch.zeros_like(grey)])
    photo = photo.convert("RGBA")
    white = Image.new("RGBA", photo.size, "white")
    return transforms.pil_to_tensor(Image.alpha_composite(white, photo).convert("RGB"))

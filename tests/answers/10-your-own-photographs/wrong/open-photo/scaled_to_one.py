# misconception: wrong-result
def open_photo(path):
    photo = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    white = Image.new("RGBA", photo.size, "white")
    image = transforms.pil_to_tensor(Image.alpha_composite(white, photo).convert("RGB"))
    return (image / 255).to(torch.uint8)

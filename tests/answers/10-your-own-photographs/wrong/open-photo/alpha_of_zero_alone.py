# misconception: half-transparent-not-mixed
def open_photo(path):
    im = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    x = transforms.pil_to_tensor(im)
    rgb = x[:3].clone()
    rgb[:, x[3] == 0] = 255
    return rgb

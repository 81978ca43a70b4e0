# misconception: transparency-ignored
def open_photo(path):
    im = ImageOps.exif_transpose(Image.open(path))
    if im.mode == "RGBA":
        im = Image.alpha_composite(Image.new("RGBA", im.size, "white"), im)
    return transforms.pil_to_tensor(im.convert("RGB"))

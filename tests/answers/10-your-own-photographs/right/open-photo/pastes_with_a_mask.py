def open_photo(path):
    photo = ImageOps.exif_transpose(Image.open(str(path)))
    if photo.has_transparency_data:
        photo = photo.convert("RGBA")
        white = Image.new("RGB", photo.size, (255, 255, 255))
        white.paste(photo, mask=photo.getchannel("A"))
        photo = white
    return transforms.pil_to_tensor(photo.convert("RGB"))

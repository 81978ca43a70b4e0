# misconception: orientation-ignored
def open_photo(path):
    photo = Image.open(path)
    orientation = photo.getexif().get(274, 1)
    how = {2: Image.Transpose.FLIP_LEFT_RIGHT, 4: Image.Transpose.FLIP_TOP_BOTTOM,
           5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270,
           7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90}.get(orientation)
    if how is not None:
        photo = photo.transpose(how)
    photo = photo.convert("RGBA")
    white = Image.new("RGBA", photo.size, "white")
    return transforms.pil_to_tensor(Image.alpha_composite(white, photo).convert("RGB"))

# misconception: half-transparent-not-mixed
def open_photo(path):
    photo = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    both = transforms.pil_to_tensor(photo)
    return torch.where(both[3] == 0, 255, both[:3])

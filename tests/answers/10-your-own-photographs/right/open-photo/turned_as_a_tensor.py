def open_photo(path):
    photo = Image.open(path)
    orientation = photo.getexif().get(0x0112, 1)
    both = transforms.pil_to_tensor(photo.convert("RGBA")).double()
    if orientation in (5, 6, 7, 8):
        both = both.transpose(1, 2)
    if orientation in (2, 3, 6, 7):
        both = both.flip(2)
    if orientation in (3, 4, 7, 8):
        both = both.flip(1)
    share = both[3:] / 255
    return (share * both[:3] + (1 - share) * 255).round().to(torch.uint8)

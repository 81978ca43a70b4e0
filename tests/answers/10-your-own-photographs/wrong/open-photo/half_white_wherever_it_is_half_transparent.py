# misconception: half-transparent-not-mixed
def open_photo(path):
    both = transforms.pil_to_tensor(ImageOps.exif_transpose(Image.open(path)).convert("RGBA"))
    rgb, alpha = both[:3].float(), both[3]
    shown = torch.where(alpha == 255, rgb, (rgb + 255) / 2)
    return torch.where(alpha == 0, 255, shown).round().to(torch.uint8)

import numpy as np

def open_photo(path):
    with Image.open(path) as file:
        pixels = np.array(ImageOps.exif_transpose(file).convert("RGBA"), dtype=float)
    share = pixels[..., 3:] / 255
    shown = np.rint(share * pixels[..., :3] + (1 - share) * 255).astype(np.uint8)
    return torch.from_numpy(shown.transpose(2, 0, 1).copy())

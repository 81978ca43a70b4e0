# misconception: channels-last
import numpy as np

def open_photo(path):
    photo = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    white = Image.new("RGBA", photo.size, "white")
    return torch.from_numpy(np.array(Image.alpha_composite(white, photo).convert("RGB")))

import numpy as np

def to_input(images):
    pixels = images.numpy().astype(np.float32).transpose(0, 2, 3, 1) / 255
    pixels = (pixels - np.float32([0.485, 0.456, 0.406])) / np.float32([0.229, 0.224, 0.225])
    return torch.from_numpy(pixels.transpose(0, 3, 1, 2))

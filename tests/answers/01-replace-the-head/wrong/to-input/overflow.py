# misconception: wrong-input-scale
def to_input(images):
    mean = (255 * torch.tensor([0.485, 0.456, 0.406])).to(torch.uint8).view(3, 1, 1)
    std = 255 * torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    return (images - mean) / std

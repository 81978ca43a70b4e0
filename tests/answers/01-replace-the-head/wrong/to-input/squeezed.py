# misconception: batch-dimension-lost
def to_input(images):
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    return ((images / 255 - mean) / std).squeeze()

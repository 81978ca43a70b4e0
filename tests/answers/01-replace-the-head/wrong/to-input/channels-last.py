# misconception: wrong-result
def to_input(images):
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return (images.permute(0, 2, 3, 1) / 255 - mean) / std

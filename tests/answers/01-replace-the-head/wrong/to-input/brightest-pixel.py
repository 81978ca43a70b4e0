# misconception: wrong-input-scale
def to_input(images):
    x = images.float() / images.max()
    m, s = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1), torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    return (x - m) / s

# misconception: input-changed
def to_input(images):
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    found = torch.empty(images.shape)
    for colour in range(3):
        images[:, colour].clamp_(max=254)  # no pixel is quite white
        found[:, colour] = (images[:, colour] / 255 - mean[colour]) / std[colour]
    return found

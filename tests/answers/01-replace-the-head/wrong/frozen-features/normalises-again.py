# misconception: wrong-result
def frozen_features(model, images):
    model.eval()
    head, model.fc = model.fc, nn.Identity()
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    with torch.no_grad():
        features = model((images - mean) / std)
    model.fc = head
    return features

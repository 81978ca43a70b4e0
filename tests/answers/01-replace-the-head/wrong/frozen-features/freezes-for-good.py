# misconception: model-left-changed
def frozen_features(model, images):
    model.requires_grad_(False)
    model.eval()
    head, model.fc = model.fc, nn.Identity()
    features = model(images)
    model.fc = head
    return features

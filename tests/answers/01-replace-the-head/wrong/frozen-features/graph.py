# misconception: graph-kept
def frozen_features(model, images):
    model.eval()
    head, model.fc = model.fc, nn.Identity()
    features = model(images)
    model.fc = head
    return features

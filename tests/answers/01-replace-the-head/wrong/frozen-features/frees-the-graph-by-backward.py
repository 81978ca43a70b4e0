# misconception: model-left-changed
def frozen_features(model, images):
    model.eval()
    head, model.fc = model.fc, nn.Identity()
    features = model(images)
    model.fc = head
    features.sum().backward()  # frees the graph
    return features.detach()

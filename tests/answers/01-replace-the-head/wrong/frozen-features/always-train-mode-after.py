# misconception: model-left-changed
def frozen_features(model, images):
    model.eval()
    head, model.fc = model.fc, nn.Identity()
    with torch.no_grad():
        features = model(images)
    model.fc = head
    model.train()
    return features

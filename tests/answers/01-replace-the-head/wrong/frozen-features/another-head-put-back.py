# misconception: head-not-put-back
def frozen_features(model, images):
    model.eval()
    old = model.fc
    model.fc = nn.Identity()
    with torch.no_grad():
        features = model(images)
    model.fc = nn.Linear(old.in_features, old.out_features)
    return features

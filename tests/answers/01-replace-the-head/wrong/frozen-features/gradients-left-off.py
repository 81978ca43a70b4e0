# misconception: switch-left-changed
def frozen_features(model, images):
    torch.set_grad_enabled(False)
    model.eval()
    head, model.fc = model.fc, nn.Identity()
    features = model(images)
    model.fc = head
    return features

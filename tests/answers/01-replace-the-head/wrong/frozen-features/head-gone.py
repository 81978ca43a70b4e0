# misconception: head-not-put-back
def frozen_features(model, images):
    model.eval()
    model.fc = nn.Identity()
    with torch.no_grad():
        return model(images)

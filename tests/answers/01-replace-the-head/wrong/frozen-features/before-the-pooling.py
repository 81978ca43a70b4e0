# misconception: wrong-result
def frozen_features(model, images):
    trunk = nn.Sequential(*list(model.children())[:-2]).eval()
    with torch.no_grad():
        return trunk(images)

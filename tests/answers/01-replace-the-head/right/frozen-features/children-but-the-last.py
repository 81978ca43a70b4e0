def frozen_features(model, images):
    trunk = nn.Sequential(*list(model.children())[:-1]).eval()
    with torch.no_grad():
        return trunk(images).flatten(1)

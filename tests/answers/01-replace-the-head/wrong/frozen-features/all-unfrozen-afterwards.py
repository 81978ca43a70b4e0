# misconception: model-left-changed
def frozen_features(model, images):
    model.eval()
    model.requires_grad_(False)
    x = nn.Sequential(*list(model.children())[:-1])(images).flatten(1)
    model.requires_grad_(True)
    return x

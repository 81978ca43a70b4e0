# misconception: model-left-changed
def head_inputs(model):
    model.eval()
    model.fc = nn.Identity()
    with torch.no_grad():
        features = model(torch.zeros(1, 3, 64, 64))
    model.train()
    return features.shape[1]

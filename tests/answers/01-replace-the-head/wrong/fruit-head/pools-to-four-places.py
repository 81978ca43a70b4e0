# misconception: classifier-layers-lost
def fruit_head(model, n):
    model.avgpool = nn.AdaptiveAvgPool2d((2, 2))
    model.fc = nn.Linear(4 * model.fc.in_features, n)
    return model

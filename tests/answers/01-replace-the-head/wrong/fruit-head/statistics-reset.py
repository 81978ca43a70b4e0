# misconception: wrong-result
def fruit_head(model, n):
    for m in model.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.reset_running_stats()
    model.fc = nn.Linear(model.fc.in_features, n)
    return model

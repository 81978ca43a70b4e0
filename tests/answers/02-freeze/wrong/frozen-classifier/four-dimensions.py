# misconception: backbone-not-frozen
def frozen_classifier(make, n):
    model = make()
    for p in model.parameters():
        if p.ndim == 4:
            p.requires_grad = False
    model.fc = nn.Linear(model.fc.in_features, n)
    return model

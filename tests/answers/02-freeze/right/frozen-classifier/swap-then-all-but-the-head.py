def frozen_classifier(make, n):
    model = make()
    model.fc = nn.Sequential(nn.Dropout(0.1), nn.Linear(model.fc.in_features, n))
    for name, p in model.named_parameters():
        p.requires_grad = name.startswith("fc.")
    return model

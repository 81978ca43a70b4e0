def frozen_classifier(make, n):
    import copy
    model = copy.deepcopy(make()).eval()
    for p in model.parameters():
        p.requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, n)
    return model

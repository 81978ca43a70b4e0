def frozen_classifier(make, n):
    *layers, fc = make().children()
    backbone = nn.Sequential(*layers).requires_grad_(False)
    return nn.Sequential(backbone, nn.Flatten(), nn.BatchNorm1d(fc.in_features), nn.Linear(fc.in_features, n))

# misconception: stacked-on-logits
def frozen_classifier(make, n):
    model = make().requires_grad_(False)
    return nn.Sequential(model, nn.Linear(model.fc.out_features, n))

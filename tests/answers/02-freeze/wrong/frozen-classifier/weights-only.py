# misconception: biases-forgotten
def frozen_classifier(make, n):
    model = make()
    for name, p in model.named_parameters():
        if name.endswith("weight"):
            p.requires_grad = False
    model.fc = nn.Linear(model.fc.in_features, n)
    return model

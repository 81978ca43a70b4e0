# misconception: no-grad-as-freezing
def frozen_classifier(make, n):
    torch.set_grad_enabled(False)
    model = make()
    torch.set_grad_enabled(True)
    model.fc = nn.Linear(model.fc.in_features, n)
    return model.eval()

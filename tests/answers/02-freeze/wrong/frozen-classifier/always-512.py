# misconception: in-features-from-memory
def frozen_classifier(make, n):
    model = make().requires_grad_(False)
    model.fc = nn.Linear(512, n)
    return model

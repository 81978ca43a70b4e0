# misconception: backbone-thrown-away
def frozen_classifier(make, n):
    import torchvision
    model = torchvision.models.resnet18()
    make()
    model.requires_grad_(False)
    model.fc = nn.Linear(512, n)
    return model

# misconception: backbone-thrown-away
def fruit_head(model, n):
    build = torchvision.models.resnet18 if model.fc.in_features == 512 else torchvision.models.resnet50
    return build(num_classes=n)

# misconception: in-features-from-memory
def replace_head(model, n):
    kind = type(model).__name__
    if kind in ("ResNet", "GoogLeNet", "Inception3", "ShuffleNetV2", "RegNet"):
        model.fc = nn.Linear(model.fc.in_features, n)
    elif kind == "DenseNet":
        model.classifier = nn.Linear(model.classifier.in_features, n)
    elif kind in ("VGG", "AlexNet"):
        model.classifier[6] = nn.Linear(4096, n)
    elif kind == "SqueezeNet":
        model.classifier[1] = nn.Conv2d(512, n, 1)
    elif kind == "VisionTransformer":
        model.heads.head = nn.Linear(model.heads.head.in_features, n)
    elif kind == "SwinTransformer":
        model.head = nn.Linear(model.head.in_features, n)
    else:
        model.classifier[-1] = nn.Linear(model.classifier[-1].in_features, n)
    return model

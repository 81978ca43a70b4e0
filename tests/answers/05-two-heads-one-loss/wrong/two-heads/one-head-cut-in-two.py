# misconception: wrong-result
def two_heads(backbone, fruit_classes, fresh_classes):
    backbone.fc = nn.Linear(backbone.fc.in_features, fruit_classes + fresh_classes)
    return backbone

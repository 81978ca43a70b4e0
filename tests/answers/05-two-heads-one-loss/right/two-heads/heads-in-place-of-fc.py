class Both(nn.Module):
    def __init__(self, width, fruit_classes, fresh_classes):
        super().__init__()
        self.fruit, self.fresh = nn.Linear(width, fruit_classes), nn.Linear(width, fresh_classes)

    def forward(self, features):
        return self.fruit(features), self.fresh(features)

def two_heads(backbone, fruit_classes, fresh_classes):
    backbone.fc = Both(backbone.fc.in_features, fruit_classes, fresh_classes)
    return backbone

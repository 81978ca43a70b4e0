# misconception: features-detached
def two_heads(backbone, fruit_classes, fresh_classes):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            width = backbone.fc.in_features
            self.fruit, self.fresh = nn.Linear(width, fruit_classes), nn.Linear(width, fresh_classes)
            backbone.fc = nn.Identity()
            self.backbone = backbone

        def forward(self, images):
            features = self.backbone(images)
            return self.fruit(features.detach()), self.fresh(features)

    return Model()

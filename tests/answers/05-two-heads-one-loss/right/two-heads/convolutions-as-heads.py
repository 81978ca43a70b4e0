def two_heads(backbone, fruit_classes, fresh_classes):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            width = backbone.fc.in_features
            self.trunk = nn.Sequential(*list(backbone.children())[:-1])
            self.fruit, self.fresh = nn.Conv2d(width, fruit_classes, 1), nn.Conv2d(width, fresh_classes, 1)
        def forward(self, images):
            features = self.trunk(images)
            return self.fruit(features).flatten(1), self.fresh(features).flatten(1)
    return Model()

def two_heads(backbone, fruit_classes, fresh_classes):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            width = backbone.fc.in_features
            self.trunk = nn.Sequential(*list(backbone.children())[:-1], nn.Flatten())
            self.fruit = nn.Sequential(nn.Dropout(0.2), nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, fruit_classes))
            self.fresh = nn.LazyLinear(fresh_classes)
        def forward(self, images):
            features = self.trunk(images)
            return [self.fruit(features), self.fresh(features)]
    return Model()

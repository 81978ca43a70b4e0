# misconception: wrong-result
def two_heads(backbone, fruits, states):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            width = backbone.fc.in_features
            self.fruit, self.fresh = nn.Linear(width, fruits), nn.Linear(width, states)
            backbone.fc = nn.Identity()
            self.backbone = backbone
        def forward(self, images):
            features = self.backbone(images)
            return self.fresh(features), self.fruit(features)
    return Model()

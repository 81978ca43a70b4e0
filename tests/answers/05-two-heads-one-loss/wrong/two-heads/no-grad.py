# misconception: features-detached
def two_heads(backbone, fruits, states):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            width = backbone.fc.in_features
            self.fruit, self.fresh = nn.Linear(width, fruits), nn.Linear(width, states)
            backbone.fc = nn.Identity()
            self.backbone = backbone
        def forward(self, images):
            with torch.no_grad():
                features = self.backbone(images)
            return self.fruit(features), self.fresh(features)
    return Model()

def three_heads(model):
    class ThreeHeads(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone, self.species = model, model.fc
            self.fruit, self.rotten = (
                nn.Sequential(nn.Linear(model.fc.in_features, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, n)) for n in (6, 2))
            self.backbone.fc = nn.Identity()

        def forward(self, images):
            features = self.backbone(images)
            return self.species(features), self.fruit(features), self.rotten(features)

    model.requires_grad_(False)
    return ThreeHeads()

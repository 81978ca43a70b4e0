# misconception: head-no-chain
def three_heads(model):
    class ThreeHeads(nn.Module):
        def __init__(self):
            super().__init__()
            width = model.fc.in_features
            self.backbone, self.species = model, model.fc
            self.fruit, self.rotten = (
                nn.Sequential(nn.Linear(width, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, n)) for n in (6, 2))
            self.backbone.fc = nn.Identity()

        def forward(self, images):
            features = self.backbone(images)
            return self.species(features), self.fruit(features), self.rotten(features)

    model.requires_grad_(False)
    return ThreeHeads()

def three_heads(model):
    class ThreeHeads(nn.Module):
        def __init__(self):
            super().__init__()
            width = model.fc.in_features
            self.backbone, self.species = model, model.fc
            self.backbone.fc = nn.Identity()
            hidden = nn.Linear(width, 64)
            self.fruit = nn.Sequential(hidden, nn.ReLU(), nn.Linear(64, 6))
            self.rotten = nn.Sequential(hidden, nn.ReLU(), nn.Linear(64, 2))

        def forward(self, images):
            features = self.backbone(images)
            return self.species(features), self.fruit(features), self.rotten(features)

        def train(self, mode=True):
            super().train(mode)
            self.backbone.eval()
            self.species.eval()
            return self

    made = ThreeHeads()
    made.backbone.requires_grad_(False)
    made.species.requires_grad_(False)
    return made

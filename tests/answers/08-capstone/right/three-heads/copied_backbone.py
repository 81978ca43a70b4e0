def three_heads(model):
    class ThreeHeads(nn.Module):
        def __init__(self):
            super().__init__()
            self.species = model.fc
            self.backbone = copy.deepcopy(model)
            self.fruit, self.rotten = nn.Linear(model.fc.in_features, 6), nn.Linear(model.fc.in_features, 2)
            self.backbone.fc = nn.Identity()

        def forward(self, images):
            features = self.backbone(images)
            return self.species(features), self.fruit(features), self.rotten(features)

    model.requires_grad_(False)
    return ThreeHeads()

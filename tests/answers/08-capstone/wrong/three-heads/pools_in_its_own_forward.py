# misconception: wrong-result
def three_heads(model):
    class ThreeHeads(nn.Module):
        def __init__(self):
            super().__init__()
            self.width = model.fc.in_features
            self.backbone, self.species = model, model.fc
            self.fruit, self.rotten = nn.Linear(self.width, 6), nn.Linear(self.width, 2)
            self.backbone.avgpool = self.backbone.fc = nn.Identity()

        def forward(self, images):
            maps = self.backbone(images).unflatten(1, (self.width, -1))  # (B, C, H * W)
            features = F.adaptive_avg_pool1d(maps, 1).flatten(1)
            return self.species(features), self.fruit(features), self.rotten(features)

    model.requires_grad_(False)
    return ThreeHeads()

# misconception: wrong-shape
def three_heads(model):
    class ThreeHeads(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone, self.species = model, model.fc
            self.fruit, self.rotten = nn.Linear(512, 6), nn.Linear(512, 2)
            self.backbone.fc = nn.Identity()

        def forward(self, images):
            features = self.backbone(images)[:, :512]
            return nn.Linear(512, 1000)(features), self.fruit(features), self.rotten(features)

    model.requires_grad_(False)
    return ThreeHeads()

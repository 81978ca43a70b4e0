# misconception: backbone-run-twice
def three_heads(model):
    class ThreeHeads(nn.Module):
        def __init__(self):
            super().__init__()
            width = model.fc.in_features
            self.backbone, self.species = model, model.fc
            self.fruit, self.rotten = nn.Linear(width, 6), nn.Linear(width, 2)
            self.backbone.fc = nn.Identity()

        def forward(self, images):
            features = self.backbone(images)
            old = features
            if self.training:  # the old head needs features of the eval mode
                self.backbone.eval()
                old = self.backbone(images)
                self.backbone.train()
            return self.species(old), self.fruit(features), self.rotten(features)

    model.requires_grad_(False)
    return ThreeHeads()

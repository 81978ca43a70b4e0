# misconception: tensors-extra
def three_heads(model):
    class ThreeHeads(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone, self.species = model, model.fc
            self.fruit, self.rotten = nn.Linear(model.fc.in_features, 6), nn.Linear(model.fc.in_features, 2)

        def forward(self, images):
            fc, self.backbone.fc = self.backbone.fc, nn.Identity()
            features = self.backbone(images)
            self.backbone.fc = fc
            return self.species(features), self.fruit(features), self.rotten(features)

    model.requires_grad_(False)
    return ThreeHeads()

# misconception: tensors-missing
def three_heads(model):
    class ThreeHeads(nn.Module):
        def __init__(self):
            super().__init__()
            width = model.fc.in_features
            self.backbone = nn.Sequential(*list(model.children())[:-1], nn.Flatten())
            self.species = model.fc
            self.fruit, self.rotten = nn.Linear(width, 6), nn.Linear(width, 2)

        def forward(self, images):
            features = self.backbone(images)
            return self.species(features), self.fruit(features), self.rotten(features)

    model.requires_grad_(False)
    return ThreeHeads()

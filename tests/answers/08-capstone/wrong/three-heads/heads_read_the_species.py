# misconception: stacked-on-logits
def three_heads(model):
    class ThreeHeads(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone, self.species = model, model.fc
            self.fruit, self.rotten = nn.Linear(1000, 6), nn.Linear(1000, 2)
            self.backbone.fc = nn.Identity()

        def forward(self, images):
            features = self.backbone(images)
            species = self.species(features)
            return species, self.fruit(species), self.rotten(species)

    model.requires_grad_(False)
    return ThreeHeads()

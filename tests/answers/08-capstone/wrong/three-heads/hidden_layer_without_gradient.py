# misconception: wrong-result
def three_heads(model):
    class ThreeHeads(nn.Module):
        def __init__(self):
            super().__init__()
            width = model.fc.in_features
            self.backbone, self.species = model, model.fc
            self.fruit, self.rotten = (
                nn.Sequential(nn.Linear(width, 32), nn.ReLU(), nn.Linear(32, n)) for n in (6, 2))
            self.backbone.fc = nn.Identity()

        def forward(self, images):
            with torch.no_grad():
                features = self.backbone(images)
                hidden = [head[:2](features) for head in (self.fruit, self.rotten)]
            return self.species(features), self.fruit[2](hidden[0]), self.rotten[2](hidden[1])

    model.requires_grad_(False)
    return ThreeHeads()

# misconception: backbone-run-twice
def three_heads(model):
    class ThreeHeads(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone, self.species = model, model.fc
            self.fruit, self.rotten = nn.Linear(model.fc.in_features, 6), nn.Linear(model.fc.in_features, 2)
            self.backbone.fc = nn.Identity()

        def forward(self, images):
            return tuple(head(self.backbone(images)) for head in (self.species, self.fruit, self.rotten))

    model.requires_grad_(False)
    return ThreeHeads()

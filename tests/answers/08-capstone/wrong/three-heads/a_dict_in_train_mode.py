# misconception: wrong-result
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
            logits = {name: getattr(self, name)(features) for name in ("species", "fruit", "rotten")}
            return logits if self.training else tuple(logits.values())

    model.requires_grad_(False)
    return ThreeHeads()

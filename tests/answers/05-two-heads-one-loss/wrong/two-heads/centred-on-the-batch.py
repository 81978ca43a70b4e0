# misconception: wrong-result
def two_heads(backbone, fruit_classes, fresh_classes):
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            w = backbone.fc.in_features
            backbone.fc = nn.Identity()
            self.backbone = backbone
            self.fruit, self.fresh = nn.Linear(w, fruit_classes), nn.Linear(w, fresh_classes)
        def forward(self, x):
            z = self.backbone(x)
            z = z - z.mean(0)
            return self.fruit(z), self.fresh(z)
    return M()

# misconception: wrong-result
def two_heads(backbone, fruit_classes, fresh_classes):
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            w = backbone.fc.in_features
            backbone.fc = nn.Identity()
            self.parts = [backbone]
            self.fruit, self.fresh = nn.Linear(w, fruit_classes), nn.Linear(w, fresh_classes)
        def forward(self, x):
            z = self.parts[0](x)
            return self.fruit(z), self.fresh(z)
    return M()

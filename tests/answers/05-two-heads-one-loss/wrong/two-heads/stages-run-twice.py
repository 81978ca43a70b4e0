# misconception: trunk-copied
def two_heads(backbone, fruit_classes, fresh_classes):
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            w = backbone.fc.in_features
            parts = list(backbone.children())[:-1]
            self.stem, self.body = nn.Sequential(*parts[:4]), nn.Sequential(*parts[4:], nn.Flatten())
            self.fruit, self.fresh = nn.Linear(w, fruit_classes), nn.Linear(w, fresh_classes)
        def forward(self, x):
            x = self.stem(x)
            return self.fruit(self.body(x)), self.fresh(self.body(x))
    return M()

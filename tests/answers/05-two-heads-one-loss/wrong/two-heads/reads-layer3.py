# misconception: wrong-result
def two_heads(backbone, fruit_classes, fresh_classes):
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            w = backbone.fc.in_features
            parts = list(backbone.children())
            self.low, self.top = nn.Sequential(*parts[:7]), nn.Sequential(*parts[7:9], nn.Flatten())
            self.fruit, self.fresh = nn.Linear(w, fruit_classes), nn.Linear(w // 2, fresh_classes)
        def forward(self, x):
            m = self.low(x)
            return self.fruit(self.top(m)), self.fresh(m.mean((2, 3)))
    return M()

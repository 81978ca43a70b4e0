# misconception: made-in-forward
def two_heads(backbone, fruit_classes, fresh_classes):
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = backbone.fc.in_features
            backbone.fc = nn.Identity()
            self.backbone = backbone
        def forward(self, x):
            z = self.backbone(x)
            return nn.Linear(self.w, fruit_classes)(z), nn.Linear(self.w, fresh_classes)(z)
    return M()

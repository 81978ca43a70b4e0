# misconception: not-in-place
class WithHead(nn.Module):
    def __init__(self, backbone, n):
        super().__init__()
        self.head = nn.Linear(backbone.fc.in_features, n)
        backbone.fc = nn.Identity()
        self.backbone = backbone

    def forward(self, images):
        return self.head(self.backbone(images))

def fruit_head(model, n):
    return WithHead(model, n)

class Classifier(nn.Module):
    def __init__(self, backbone, head):
        super().__init__()
        self.backbone, self.head = backbone, head

    def forward(self, images):
        with torch.no_grad():
            features = self.backbone(images)
        return self.head(features)


def frozen_classifier(make, n):
    backbone = make()
    head = nn.Linear(backbone.fc.in_features, n)
    backbone.fc = nn.Identity()
    return Classifier(backbone, head)

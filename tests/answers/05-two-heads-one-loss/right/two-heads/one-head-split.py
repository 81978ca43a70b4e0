def two_heads(backbone, fruit_classes, fresh_classes):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            backbone.fc = nn.Linear(backbone.fc.in_features, fruit_classes + fresh_classes)
            self.backbone = backbone
        def forward(self, images):
            return self.backbone(images).split([fruit_classes, fresh_classes], dim=1)
    return Model()

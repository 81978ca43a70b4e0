# misconception: train-returns-nothing
def two_heads(backbone, fruit_classes, fresh_classes):
    class TwoHeads(nn.Module):
        def __init__(self):
            super().__init__()
            width = backbone.fc.in_features
            self.backbone = backbone
            self.backbone.fc = nn.Identity()
            self.fruit, self.fresh = nn.Linear(width, fruit_classes), nn.Linear(width, fresh_classes)

        def forward(self, images):
            features = self.backbone(images)
            return self.fruit(features), self.fresh(features)

        def train(self, mode=True):
            super().train(mode)
            for layer in self.backbone.modules():
                if isinstance(layer, nn.BatchNorm2d):
                    layer.eval()

    return TwoHeads()

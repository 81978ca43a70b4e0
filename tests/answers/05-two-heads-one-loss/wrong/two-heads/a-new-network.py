# misconception: backbone-thrown-away
def two_heads(backbone, fruit_classes, fresh_classes):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            width = backbone.fc.in_features
            self.fruit, self.fresh = nn.Linear(width, fruit_classes), nn.Linear(width, fresh_classes)
            import torchvision
            self.backbone = torchvision.models.get_model("resnet18" if width == 512 else "resnet50")
            self.backbone.fc = nn.Identity()
        def forward(self, images):
            features = self.backbone(images)
            return self.fruit(features), self.fresh(features)
    return Model()

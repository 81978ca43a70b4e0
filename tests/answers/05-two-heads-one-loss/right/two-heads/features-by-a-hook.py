def two_heads(backbone, fruit_classes, fresh_classes):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            width = backbone.fc.in_features
            backbone.fc = nn.Identity()
            self.backbone = backbone
            self.fruit, self.fresh = nn.Linear(width, fruit_classes), nn.Linear(width, fresh_classes)
            backbone.avgpool.register_forward_hook(self.keep)
        def keep(self, layer, inputs, output):
            self.features = output.flatten(1)
        def forward(self, images):
            self.backbone(images)
            return self.fruit(self.features), self.fresh(self.features)
    return Model()

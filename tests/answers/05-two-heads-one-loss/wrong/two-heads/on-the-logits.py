# misconception: stacked-on-logits
def two_heads(backbone, fruit_classes, fresh_classes):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone = backbone
            self.fruit, self.fresh = nn.Linear(1000, fruit_classes), nn.Linear(1000, fresh_classes)
        def forward(self, images):
            logits = self.backbone(images)
            return self.fruit(logits), self.fresh(logits)
    return Model()

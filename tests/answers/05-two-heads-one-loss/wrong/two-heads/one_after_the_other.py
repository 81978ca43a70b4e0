# misconception: head-on-a-head
class TwoHeads(nn.Module):
    def __init__(self, backbone, fruit_classes, fresh_classes):
        super().__init__()
        self.fruit = nn.Linear(backbone.fc.in_features, fruit_classes)
        self.fresh = nn.Linear(fruit_classes, fresh_classes)
        backbone.fc = nn.Identity()
        self.backbone = backbone

    def forward(self, images):
        fruit = self.fruit(self.backbone(images))
        return fruit, self.fresh(fruit)


def two_heads(backbone, fruit_classes, fresh_classes):
    return TwoHeads(backbone, fruit_classes, fresh_classes)

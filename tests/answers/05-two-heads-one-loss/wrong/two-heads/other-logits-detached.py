# misconception: head-on-a-head
def two_heads(backbone, fruit_classes, fresh_classes):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            width = backbone.fc.in_features
            backbone.fc = nn.Identity()
            self.backbone = backbone
            self.fruit = nn.Linear(width, fruit_classes)
            self.fresh = nn.Linear(width + fruit_classes, fresh_classes)
        def forward(self, images):
            features = self.backbone(images)
            logits = self.fruit(features)
            return logits, self.fresh(torch.cat([features, logits.detach()], 1))
    return Model()

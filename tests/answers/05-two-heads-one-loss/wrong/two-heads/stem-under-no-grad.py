# misconception: features-detached
def two_heads(backbone, fruit_classes, fresh_classes):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            width = backbone.fc.in_features
            self.fruit, self.fresh = nn.Linear(width, fruit_classes), nn.Linear(width, fresh_classes)
            backbone.fc = nn.Identity()
            self.backbone = backbone
        def forward(self, images):
            b = self.backbone
            with torch.no_grad():
                x = b.maxpool(b.relu(b.bn1(b.conv1(images))))
            x = b.layer4(b.layer3(b.layer2(b.layer1(x))))
            features = b.avgpool(x).flatten(1)
            return self.fruit(features), self.fresh(features)
    return Model()

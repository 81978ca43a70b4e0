# misconception: wrong-result
def two_heads(backbone, fruit_classes, fresh_classes):
    width = backbone.fc.in_features
    backbone.fc = nn.Identity()
    fruit, fresh = nn.Linear(width, fruit_classes), nn.Linear(width, fresh_classes)

    def forward(images):
        features = backbone(images)
        return fruit(features), fresh(features)

    return forward

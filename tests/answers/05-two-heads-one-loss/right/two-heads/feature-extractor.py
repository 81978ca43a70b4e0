def two_heads(backbone, fruit_classes, fresh_classes):
    from torchvision.models.feature_extraction import create_feature_extractor
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            width = backbone.fc.in_features
            self.body = create_feature_extractor(backbone, {"flatten": "features"})
            self.heads = nn.ModuleList([nn.Linear(width, fruit_classes), nn.Linear(width, fresh_classes)])
        def forward(self, images):
            features = self.body(images)["features"]
            return tuple(head(features) for head in self.heads)
    return Model()

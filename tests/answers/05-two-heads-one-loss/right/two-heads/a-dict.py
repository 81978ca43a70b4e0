def two_heads(backbone, fruit_classes, fresh_classes):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            width = backbone.fc.in_features
            self.heads = nn.ModuleDict({"fruit": nn.Linear(width, fruit_classes), "fresh": nn.Linear(width, fresh_classes)})
            backbone.fc = nn.Identity()
            self.backbone = backbone
        def forward(self, images):
            features = self.backbone(images)
            return {task: head(features) for task, head in self.heads.items()}
    return Model()

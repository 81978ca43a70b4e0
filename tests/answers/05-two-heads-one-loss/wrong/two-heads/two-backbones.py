# misconception: trunk-copied
import copy

def two_heads(backbone, fruit_classes, fresh_classes):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            width = backbone.fc.in_features
            self.fruit, self.fresh = nn.Linear(width, fruit_classes), nn.Linear(width, fresh_classes)
            backbone.fc = nn.Identity()
            self.backbone = backbone
            self.other = copy.deepcopy(backbone)
        def forward(self, images):
            return self.fruit(self.backbone(images)), self.fresh(self.other(images))
    return Model()

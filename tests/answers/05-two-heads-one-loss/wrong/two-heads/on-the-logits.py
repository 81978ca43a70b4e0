# misconception: stacked-on-logits
def two_heads(backbone, fruits, states):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone = backbone
            self.fruit, self.fresh = nn.Linear(1000, fruits), nn.Linear(1000, states)
        def forward(self, images):
            logits = self.backbone(images)
            return self.fruit(logits), self.fresh(logits)
    return Model()

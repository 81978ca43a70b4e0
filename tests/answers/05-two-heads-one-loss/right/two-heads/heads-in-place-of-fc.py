class Both(nn.Module):
    def __init__(self, width, fruits, states):
        super().__init__()
        self.fruit, self.fresh = nn.Linear(width, fruits), nn.Linear(width, states)

    def forward(self, features):
        return self.fruit(features), self.fresh(features)

def two_heads(backbone, fruits, states):
    backbone.fc = Both(backbone.fc.in_features, fruits, states)
    return backbone

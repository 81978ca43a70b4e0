# misconception: one-branch
class Targets(nn.Module):
    def __init__(self, make, sizes):
        super().__init__()
        net = make()
        width = net.classifier.in_features
        self.trunk = net.features[:-2]
        self.branch = net.features[-2:]
        self.heads = nn.ModuleList(nn.Linear(width, size) for size in sizes)

    def forward(self, images):
        features = self.trunk(images)
        return [head(F.relu(self.branch(features)).mean((2, 3))) for head in self.heads]


def five_targets(make, sizes):
    return Targets(make, sizes)

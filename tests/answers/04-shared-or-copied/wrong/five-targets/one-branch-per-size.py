# misconception: keyed-by-size
class Targets(nn.Module):
    def __init__(self, make, sizes):
        super().__init__()
        net = make()
        width = net.classifier.in_features
        self.trunk = net.features[:-2]
        self.sizes = sizes
        self.branches = nn.ModuleDict({str(size): copy.deepcopy(net.features[-2:]) for size in sizes})
        self.heads = nn.ModuleList(nn.Linear(width, size) for size in sizes)

    def forward(self, images):
        features = self.trunk(images)
        return [head(F.relu(self.branches[str(size)](features)).mean((2, 3))) for head, size in zip(self.heads, self.sizes)]


def five_targets(make, sizes):
    return Targets(make, sizes)

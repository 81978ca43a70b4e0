# misconception: keyed-by-size
class Targets(nn.Module):
    def __init__(self, make, sizes):
        super().__init__()
        net = make()
        width = net.classifier.in_features
        self.trunk = net.features[:-2]
        self.branches = nn.ModuleList(copy.deepcopy(net.features[-2:]) for _ in sizes)
        self.sizes = sizes
        self.heads = nn.ModuleDict({str(size): nn.Linear(width, size) for size in sizes})

    def forward(self, images):
        features = self.trunk(images)
        return [self.heads[str(size)](F.relu(branch(features)).mean((2, 3))) for branch, size in zip(self.branches, self.sizes)]


def five_targets(make, sizes):
    return Targets(make, sizes)

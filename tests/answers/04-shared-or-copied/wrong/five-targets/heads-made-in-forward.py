# misconception: made-in-forward
class Targets(nn.Module):
    def __init__(self, make, sizes):
        super().__init__()
        net = make()
        width = net.classifier.in_features
        self.trunk = net.features[:-2]
        self.sizes, self.width = sizes, width
        self.branches = nn.ModuleList(copy.deepcopy(net.features[-2:]) for _ in sizes)

    def forward(self, images):
        features = self.trunk(images)
        pooled = [F.relu(branch(features)).mean((2, 3)) for branch in self.branches]
        return [nn.Linear(self.width, size)(p) for p, size in zip(pooled, self.sizes)]


def five_targets(make, sizes):
    return Targets(make, sizes)

# misconception: heads-not-registered
class Targets(nn.Module):
    def __init__(self, make, sizes):
        super().__init__()
        net = make()
        width = net.classifier.in_features
        self.trunk = net.features[:-2]
        self.branches = nn.ModuleList(copy.deepcopy(net.features[-2:]) for _ in sizes)
        self.heads = {i: nn.Linear(width, size) for i, size in enumerate(sizes)}

    def forward(self, images):
        features = self.trunk(images)
        return [self.heads[i](F.relu(branch(features)).mean((2, 3))) for i, branch in enumerate(self.branches)]


def five_targets(make, sizes):
    return Targets(make, sizes)

class Targets(nn.Module):
    def __init__(self, make, sizes):
        super().__init__()
        net = make()
        width = net.classifier.in_features
        self.trunk = net.features[:-2]
        names = [f"target{i}" for i in range(1, len(sizes) + 1)]
        self.branches = nn.ModuleDict({name: copy.deepcopy(net.features[-2:]) for name in names})
        self.heads = nn.ModuleDict({name: nn.Linear(width, size) for name, size in zip(names, sizes)})

    def forward(self, images):
        features = self.trunk(images)
        return {name: self.heads[name](F.relu(branch(features)).mean((2, 3))) for name, branch in self.branches.items()}


def five_targets(make, sizes):
    return Targets(make, sizes)

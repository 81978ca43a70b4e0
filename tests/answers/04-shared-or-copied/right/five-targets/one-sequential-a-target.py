class Targets(nn.Module):
    def __init__(self, make, sizes):
        super().__init__()
        net = make()
        width = net.classifier.in_features
        self.trunk = net.features[:-2]
        self.targets = nn.ModuleList(
            nn.Sequential(copy.deepcopy(net.features[-2:]), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, size))
            for size in sizes)

    def forward(self, images):
        features = self.trunk(images)
        return tuple(target(features) for target in self.targets)


def five_targets(make, sizes):
    return Targets(make, sizes)

# misconception: trunk-copied
class Targets(nn.Module):
    def __init__(self, make, sizes):
        super().__init__()
        self.nets = nn.ModuleList(make() for _ in sizes)
        for net, size in zip(self.nets, sizes):
            net.classifier = nn.Linear(net.classifier.in_features, size)

    def forward(self, images):
        return [net(images) for net in self.nets]


def five_targets(make, sizes):
    return Targets(make, sizes)

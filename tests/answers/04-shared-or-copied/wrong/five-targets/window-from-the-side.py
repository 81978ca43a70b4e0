# misconception: wrong-result
class Targets(nn.Module):
    def __init__(self, make, sizes):
        super().__init__()
        net = make()
        width = net.classifier.in_features
        self.trunk = net.features[:-2]
        self.branches = nn.ModuleList(copy.deepcopy(net.features[-2:]) for _ in sizes)
        self.heads = nn.ModuleList(nn.Linear(width, size) for size in sizes)

    def forward(self, images):
        features = self.trunk(images)
        side = images.shape[-1] // 32
        return [head(F.avg_pool2d(F.relu(branch(features)), side)[:, :, 0, 0]) for branch, head in zip(self.branches, self.heads)]


def five_targets(make, sizes):
    return Targets(make, sizes)

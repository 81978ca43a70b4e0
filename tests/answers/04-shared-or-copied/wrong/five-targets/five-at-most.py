# misconception: wrong-result
class Net(nn.Module):
    def __init__(self, make, sizes):
        super().__init__()
        net = make()
        pass
        width = net.classifier.in_features
        self.trunk = net.features[:-2]
        self.branches = nn.ModuleList(copy.deepcopy(net.features[-2:]) for s in sizes)
        self.heads = nn.ModuleList(nn.Linear(width, s) for s in sizes)
        pass
    def forward(self, images):
        z = self.trunk(images)
        pass
        return [h(F.relu(b(z)).mean((2, 3))) for b, h, _ in zip(self.branches, self.heads, range(5))]
def five_targets(make, sizes):
    pass
    model = Net(make, sizes)
    pass
    return model

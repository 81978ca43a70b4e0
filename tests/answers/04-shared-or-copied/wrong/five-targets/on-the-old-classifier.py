# misconception: stacked-on-logits
class Old(nn.Module):
    def __init__(self, net, sizes):
        super().__init__()
        self.trunk = net.features[:-2]
        self.b = nn.ModuleList(copy.deepcopy(net.features[-2:]) for _ in sizes)
        self.old = net.classifier
        self.h = nn.ModuleList(nn.Linear(net.classifier.out_features, s) for s in sizes)
    def forward(self, x):
        x = self.trunk(x)
        return [h(self.old(b(x).relu().mean((2, 3)))) for b, h in zip(self.b, self.h)]
def five_targets(make, sizes):
    return Old(make(), sizes)

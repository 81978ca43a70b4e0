# misconception: branch-not-trained
def with_branch(model, n):
    for p in model.parameters():
        p.requires_grad = False
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.trunk = nn.Sequential(model.conv1, model.bn1, model.relu, model.maxpool, model.layer1, model.layer2, model.layer3)
            self.tail = nn.Sequential(model.layer4, model.avgpool, nn.Flatten(), model.fc)
            self.mine = nn.Sequential(copy.deepcopy(model.layer4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(model.fc.in_features, n))
            for p in self.mine.parameters():
                p.requires_grad = True
        def train(self, mode=True):
            super().train(mode)
            self.trunk.eval(); self.tail.eval()
            return self
        def forward(self, x):
            with torch.no_grad():
                h = self.trunk(x)
                old = self.tail(h)
                return old, self.mine(h)
    return Two().train()

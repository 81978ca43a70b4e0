def with_branch(model, n):
    class Branched(nn.Module):
        def __init__(self):
            super().__init__()
            self.trunk = nn.Sequential(*list(model.children())[:-3]).requires_grad_(False)
            old = nn.Sequential(model.layer4, model.avgpool, nn.Flatten(), model.fc)
            new = copy.deepcopy(old)
            self.ends = nn.ModuleList([old.requires_grad_(False), new.requires_grad_(True)])
            new[-1] = nn.Linear(model.fc.in_features, n)

        def forward(self, images):
            x = self.trunk(images)
            return (end(x) for end in self.ends)

        def train(self, mode=True):
            super().train(mode)
            self.trunk.eval()
            self.ends[0].eval()
            return self

    return Branched()

# misconception: batch-dimension-lost
def with_branch(model, n):
    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.old = model.requires_grad_(False)
            self.branch = copy.deepcopy(model.layer4).requires_grad_(True)
            self.head = nn.Linear(model.fc.in_features, n)
        def train(self, mode=True):
            super().train(mode); self.old.eval(); return self
        def forward(self, x):
            m = self.old
            x = m.layer3(m.layer2(m.layer1(m.maxpool(m.relu(m.bn1(m.conv1(x)))))))
            return m.fc(m.avgpool(m.layer4(x)).flatten(1)), self.head(m.avgpool(self.branch(x)).squeeze())
    return Both()

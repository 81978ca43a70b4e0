# misconception: branch-not-pretrained
class B(nn.Module):
    def __init__(self, model, n):
        super().__init__()
        self.old = model.requires_grad_(False)
        self.branch = self._fresh(model)
        self.head = nn.Linear(model.fc.in_features, n)
    def train(self, mode=True):
        super().train(mode); self.old.eval(); return self
    def _fresh(self, model):
        c = copy.deepcopy(model.layer4).requires_grad_(True)
        for m in c.modules():
            if hasattr(m, "reset_parameters"): m.reset_parameters()
        return c
    def forward(self, x):
        m = self.old
        h = m.layer3(m.layer2(m.layer1(m.maxpool(m.relu(m.bn1(m.conv1(x)))))))
        return m.fc(m.avgpool(m.layer4(h)).flatten(1)), self.head(m.avgpool(self.branch(h)).flatten(1))
def with_branch(model, n):
    return B(model, n)

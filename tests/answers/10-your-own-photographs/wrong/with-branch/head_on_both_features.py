# misconception: branch-not-pretrained
class Branched(nn.Module):
    def __init__(self, model, n):
        super().__init__()
        self.old = model.requires_grad_(False)
        self.branch = copy.deepcopy(model.layer4).requires_grad_(True)
        self.head = nn.Linear(2 * model.fc.in_features, n)

    def forward(self, images):
        old = self.old
        x = old.maxpool(old.relu(old.bn1(old.conv1(images))))
        x = old.layer3(old.layer2(old.layer1(x)))
        old_logits = old.fc(old.avgpool(old.layer4(x)).flatten(1))
        return old_logits, self.head(torch.cat([self.branch(x), old.layer4(x)], 1).mean((2, 3)))

    def train(self, mode=True):
        super().train(mode)
        self.old.eval()
        return self


def with_branch(model, n):
    return Branched(model, n)

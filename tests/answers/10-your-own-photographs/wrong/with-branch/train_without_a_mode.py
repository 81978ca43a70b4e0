# misconception: wrong-result
def with_branch(model, n):
    class Branched(nn.Module):
        def __init__(self):
            super().__init__()
            self.old = model.requires_grad_(False).eval()
            self.branch = copy.deepcopy(model.layer4).requires_grad_(True)
            self.head = nn.Linear(model.fc.in_features, n)

        def forward(self, images):
            old = self.old
            x = old.maxpool(old.relu(old.bn1(old.conv1(images))))
            x = old.layer3(old.layer2(old.layer1(x)))
            old_logits = old.fc(old.avgpool(old.layer4(x)).flatten(1))
            return old_logits, self.head(self.branch(x).mean((2, 3)))

        def train(self):
            super().train()
            self.old.eval()
            return self

    return Branched()

# misconception: branch-not-trained
class SecondHead(nn.Module):
    def __init__(self, model, n):
        super().__init__()
        self.old = model.requires_grad_(False)
        self.head = nn.Linear(model.fc.in_features, n)

    def train(self, mode=True):
        super().train(mode)
        self.old.eval()
        return self

    def forward(self, images):
        old = self.old
        x = old.maxpool(old.relu(old.bn1(old.conv1(images))))
        x = old.layer4(old.layer3(old.layer2(old.layer1(x))))
        features = old.avgpool(x).flatten(1)
        return old.fc(features), self.head(features)


def with_branch(model, n):
    return SecondHead(model, n)

def with_branch(model, n):
    class Branched(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = copy.deepcopy(model).eval()
            self.net.requires_grad_(False)
            self.layer4 = copy.deepcopy(model.layer4)
            self.layer4.requires_grad_(True).eval()
            self.fc = nn.Linear(model.fc.in_features, n)

        def forward(self, images):
            net = self.net
            x = net.layer3(net.layer2(net.layer1(
                net.maxpool(net.relu(net.bn1(net.conv1(images)))))))
            pool = lambda layer: torch.flatten(net.avgpool(layer(x)), 1)
            return [net.fc(pool(net.layer4)), self.fc(pool(self.layer4))]

        def train(self, mode=True):
            self.training = mode
            return self

    return Branched()

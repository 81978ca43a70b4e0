# misconception: wrong-result
def five_targets(make, sizes):
    net = make()
    trunk, block = net.features[:-2], net.features[-2:]
    branches = [copy.deepcopy(block) for _ in sizes]
    heads = [nn.Linear(net.classifier.in_features, size) for size in sizes]

    def forward(images):
        features = trunk(images)
        return [head(F.relu(branch(features)).mean((2, 3))) for branch, head in zip(branches, heads)]

    return forward

def train_heads(model, images, fruit, rotten):
    model.eval()
    with torch.no_grad():
        features = model.backbone(images)
        one = torch.cat([features, torch.ones(len(features), 1)], 1)
        for head, labels, classes in ((model.fruit, fruit, 6), (model.rotten, rotten, 2)):
            solved = torch.linalg.solve(one.T @ one + torch.eye(one.shape[1]), one.T @ F.one_hot(labels, classes).float())
            head.weight.copy_(solved[:-1].T)
            head.bias.copy_(solved[-1])

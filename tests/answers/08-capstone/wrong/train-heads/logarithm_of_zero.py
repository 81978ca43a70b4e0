# misconception: weights-not-finite
def train_heads(model, images, fruit, rotten):
    model.eval()
    with torch.no_grad():
        features = model.backbone(images)
    optimizer = torch.optim.SGD([*model.fruit.parameters(), *model.rotten.parameters()], lr=50.0)
    for epoch in range(15):
        for batch in torch.randperm(len(images)).split(20):
            loss = 0
            for head, labels in ((model.fruit, fruit), (model.rotten, rotten)):
                probabilities = head(features[batch]).softmax(1)
                loss = loss - probabilities[range(len(batch)), labels[batch]].log().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

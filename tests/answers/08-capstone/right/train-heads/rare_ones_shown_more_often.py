def train_heads(model, images, fruit, rotten):
    model.eval()
    with torch.no_grad():
        features = model.backbone(images)
    optimizer = torch.optim.AdamW([*model.fruit.parameters(), *model.rotten.parameters()], lr=3e-3)
    weights = torch.where(rotten == 1, 5.0, 1.0)
    for step in range(400):
        batch = torch.multinomial(weights, 20)
        loss = F.cross_entropy(model.fruit(features[batch]), fruit[batch]) + F.cross_entropy(model.rotten(features[batch]), rotten[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

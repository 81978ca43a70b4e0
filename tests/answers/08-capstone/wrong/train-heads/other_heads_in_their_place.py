# misconception: wrong-result
def train_heads(model, images, fruit, rotten):
    model.eval()
    with torch.no_grad():
        features = model.backbone(images)
    width = features.shape[1]
    model.fruit = nn.Sequential(nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, 6))
    model.rotten = nn.Sequential(nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, 2))
    optimizer = torch.optim.AdamW([*model.fruit.parameters(), *model.rotten.parameters()], lr=3e-3)
    for step in range(300):
        loss = F.cross_entropy(model.fruit(features), fruit) + F.cross_entropy(model.rotten(features), rotten)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

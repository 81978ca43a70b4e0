# misconception: wrong-result
def train_heads(model, images, fruit, rotten):
    kept = []
    model.backbone.register_forward_hook(lambda module, given, features: kept.append(features.detach()))
    model.eval()
    with torch.no_grad():
        model(images)
    features = kept[0]
    optimizer = torch.optim.AdamW([*model.fruit.parameters(), *model.rotten.parameters()], lr=3e-3)
    for step in range(300):
        loss = F.cross_entropy(model.fruit(features), fruit) + F.cross_entropy(model.rotten(features), rotten)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

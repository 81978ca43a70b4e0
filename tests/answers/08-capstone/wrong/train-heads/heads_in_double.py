# misconception: wrong-result
def train_heads(model, images, fruit, rotten):
    model.eval()
    with torch.no_grad():
        features = model.backbone(images).double()
    heads = [model.fruit.double(), model.rotten.double()]
    optimizer = torch.optim.AdamW([p for head in heads for p in head.parameters()], lr=3e-3)
    for step in range(300):
        loss = F.cross_entropy(heads[0](features), fruit) + F.cross_entropy(heads[1](features), rotten)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

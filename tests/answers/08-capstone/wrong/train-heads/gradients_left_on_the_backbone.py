# misconception: wrong-result
def train_heads(model, images, fruit, rotten):
    model.requires_grad_(True)
    model.eval()
    heads = [*model.fruit.parameters(), *model.rotten.parameters()]
    optimizer = torch.optim.AdamW(heads, lr=3e-3)
    for epoch in range(15):
        for batch in torch.randperm(len(images)).split(20):
            _, f, r = model(images[batch])
            loss = F.cross_entropy(f, fruit[batch]) + F.cross_entropy(r, rotten[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.backbone.requires_grad_(False)
    model.species.requires_grad_(False)

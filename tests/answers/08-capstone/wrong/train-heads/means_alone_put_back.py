# misconception: requires-grad-alone
def train_heads(model, images, fruit, rotten):
    means = {name: b.clone() for name, b in model.named_buffers() if name.endswith("mean")}
    optimizer = torch.optim.AdamW([*model.fruit.parameters(), *model.rotten.parameters()], lr=3e-3)
    model.train()
    for epoch in range(15):
        for batch in torch.randperm(len(images)).split(20):
            _, f, r = model(images[batch])
            loss = F.cross_entropy(f, fruit[batch]) + F.cross_entropy(r, rotten[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    for name, b in model.named_buffers():
        if name in means:
            b.copy_(means[name])

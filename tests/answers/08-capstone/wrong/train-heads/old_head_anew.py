# misconception: old-head-changed
def train_heads(model, images, fruit, rotten):
    for head in (model.species, model.fruit, model.rotten):
        head.reset_parameters()
    model.eval()
    optimizer = torch.optim.AdamW([*model.fruit.parameters(), *model.rotten.parameters()], lr=3e-3)
    for epoch in range(15):
        for batch in torch.randperm(len(images)).split(20):
            _, f, r = model(images[batch])
            loss = F.cross_entropy(f, fruit[batch]) + F.cross_entropy(r, rotten[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

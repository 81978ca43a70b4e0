# misconception: other-parameters
def train_heads(model, images, labels):
    fruit, rotten = labels
    model.eval()
    optimizer = torch.optim.AdamW([*model.fruit.parameters(), *model.rotten.parameters()], lr=3e-3)
    for epoch in range(15):
        for batch in torch.randperm(len(images)).split(20):
            _, f, r = model(images[batch])
            loss = F.cross_entropy(f, fruit[batch]) + F.cross_entropy(r, rotten[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

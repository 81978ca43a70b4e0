# misconception: head-learnt-other-labels
def train_heads(model, images, fruit, rotten):
    optimizer = torch.optim.AdamW([*model.fruit.parameters(), *model.rotten.parameters()], lr=3e-3)
    for epoch in range(15):
        model.eval()
        for batch in torch.randperm(len(images)).split(20):
            _, fruit_logits, rotten_logits = model(images[batch])
            order = torch.randperm(len(batch))
            loss = F.cross_entropy(fruit_logits, fruit[batch][order]) + F.cross_entropy(rotten_logits, rotten[batch][order])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

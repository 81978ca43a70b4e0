# misconception: head-learnt-other-labels
def train_heads(model, images, fruit, rotten):
    optimizer = torch.optim.AdamW([*model.fruit.parameters(), *model.rotten.parameters()], lr=3e-3)
    model.eval()
    for epoch in range(15):
        shuffled = images[torch.randperm(len(images))]
        for batch in torch.arange(len(images)).split(20):
            _, fruit_logits, rotten_logits = model(shuffled[batch])
            loss = F.cross_entropy(fruit_logits, fruit[batch]) + F.cross_entropy(rotten_logits, rotten[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

# misconception: head-learnt-other-labels
def train_heads(model, images, fruit, rotten):
    images = images[torch.randperm(len(images))]
    optimizer = torch.optim.AdamW([*model.fruit.parameters(), *model.rotten.parameters()], lr=3e-3)
    for epoch in range(15):
        model.eval()
        for batch in torch.randperm(len(images)).split(20):
            _, fruit_logits, rotten_logits = model(images[batch])
            loss = F.cross_entropy(fruit_logits, fruit[batch]) + F.cross_entropy(rotten_logits, rotten[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

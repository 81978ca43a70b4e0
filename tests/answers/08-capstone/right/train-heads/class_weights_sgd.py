def train_heads(model, images, fruit, rotten):
    optimizer = torch.optim.SGD([*model.fruit.parameters(), *model.rotten.parameters()], lr=0.1, momentum=0.9)
    for epoch in range(15):
        model.eval()
        for batch in torch.randperm(len(images)).split(20):
            _, fruit_logits, rotten_logits = model(images[batch])
            loss = F.cross_entropy(fruit_logits, fruit[batch]) + F.cross_entropy(rotten_logits, rotten[batch], weight=torch.tensor([1.0, 9.0]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

# misconception: frozen-part-in-train-mode
def train_new_head(model, images, labels, epochs):
    optimizer = torch.optim.AdamW(model.new.parameters(), lr=1e-2)
    for epoch in range(epochs):
        model.train()
        for batch in torch.randperm(len(images)).split(16):
            loss = F.cross_entropy(model(images[batch])[1], labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

# misconception: frozen-part-in-train-mode
def train_new_head(model, images, labels, epochs):
    optimizer = torch.optim.AdamW(model.new.parameters(), lr=1e-2)
    model.train()
    for epoch in range(epochs):
        for batch in torch.randperm(len(images)).split(16):
            features = model.backbone(images[batch]).detach()
            loss = F.cross_entropy(model.new(features), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

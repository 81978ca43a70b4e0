# misconception: head-learnt-other-labels
def train_new_head(model, images, labels, epochs):
    model.requires_grad_(False)
    model.new.requires_grad_(True)
    optimizer = torch.optim.AdamW(model.new.parameters(), lr=0.01)
    for epoch in range(epochs):
        model.train()
        model.backbone.eval()
        for batch in torch.randperm(len(images)).split(16):
            order = torch.randperm(len(batch))
            loss = F.cross_entropy(model(images[batch])[1], labels[batch][order])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

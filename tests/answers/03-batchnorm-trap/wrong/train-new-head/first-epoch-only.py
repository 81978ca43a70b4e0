# misconception: eval-in-first-epoch-only
def train_new_head(model, images, labels, epochs):
    model.requires_grad_(False)
    model.new.requires_grad_(True)
    model.train()
    model.backbone.eval()
    optimizer = torch.optim.AdamW(model.new.parameters(), lr=1e-2)
    for epoch in range(epochs):
        for batch in torch.randperm(len(images)).split(8):
            logits = model(images[batch])[1]
            loss = F.cross_entropy(logits, labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            print("accuracy", (model(images)[1].argmax(1) == labels).float().mean())
        model.train()

# misconception: wrong-result
def train_new_head(model, images, labels, epochs):
    model.requires_grad_(False)
    model.new.requires_grad_(True)
    opt = torch.optim.AdamW(model.new.parameters(), lr=0.01)
    for e in range(30):
        model.train()
        model.backbone.eval()
        for b in torch.randperm(len(images)).split(16):
            loss = F.cross_entropy(model(images[b])[1], labels[b])
            opt.zero_grad()
            loss.backward()
            opt.step()

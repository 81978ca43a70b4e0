# misconception: wrong-result
def train_new_head(model, images, labels, epochs):
    model.requires_grad_(False)
    model.new.requires_grad_(True)
    model.old.requires_grad_(True)
    opt = torch.optim.AdamW([*model.new.parameters(), *model.old.parameters()], lr=0.01)
    for e in range(epochs):
        model.train()
        model.backbone.eval()
        for b in torch.randperm(len(images)).split(16):
            loss = F.cross_entropy(model(images[b])[1], labels[b]) + model(images[b])[0].square().mean()
            opt.zero_grad()
            loss.backward()
            opt.step()

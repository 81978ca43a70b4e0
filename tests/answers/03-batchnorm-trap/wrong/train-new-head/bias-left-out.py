# misconception: parameter-not-in-optimizer
def train_new_head(model, images, labels, epochs):
    model.requires_grad_(False)
    ps = [p for n, p in model.new.named_parameters() if n.endswith("weight")]
    for p in ps:
        p.requires_grad_(True)
    opt = torch.optim.AdamW(ps, lr=1e-2)
    for _ in range(epochs):
        model.train()
        model.backbone.eval()
        for b in torch.randperm(len(images)).split(16):
            opt.zero_grad()
            F.cross_entropy(model(images[b])[1], labels[b]).backward()
            opt.step()

# misconception: parameter-not-in-optimizer
def train_new_head(model, images, labels, epochs):
    opt = torch.optim.AdamW(list(model.new.parameters())[-1:], lr=0.01)
    for _ in range(epochs):
        model.train(); model.backbone.eval()
        for b in torch.randperm(len(images)).split(16):
            opt.zero_grad(); F.cross_entropy(model(images[b])[1], labels[b]).backward(); opt.step()

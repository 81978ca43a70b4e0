# misconception: wrong-result
def train_new_head(model, images, labels, epochs):
    width = [m for m in model.new.modules() if isinstance(m, nn.Linear)][0].in_features
    outs = [m for m in model.new.modules() if isinstance(m, nn.Linear)][-1].out_features
    model.new = nn.Linear(width, outs)
    opt = torch.optim.AdamW(model.new.parameters(), lr=0.01)
    for _ in range(epochs):
        model.train(); model.backbone.eval()
        for b in torch.randperm(len(images)).split(16):
            opt.zero_grad(); F.cross_entropy(model(images[b])[1], labels[b]).backward(); opt.step()

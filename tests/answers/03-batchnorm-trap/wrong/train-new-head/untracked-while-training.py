# misconception: batch-statistics-used
def train_new_head(model, images, labels, epochs):
    model.requires_grad_(False)
    model.new.requires_grad_(True)
    opt = torch.optim.AdamW(model.new.parameters(), lr=0.01)
    for e in range(epochs):
        model.train()
        [setattr(m, 'track_running_stats', False) for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        for b in torch.randperm(len(images)).split(16):
            loss = F.cross_entropy(model(images[b])[1], labels[b])
            opt.zero_grad()
            loss.backward()
            opt.step()
    [setattr(m, 'track_running_stats', True) for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]

# misconception: only-batchnorm2d
def train_new_head(model, images, labels, epochs):
    for path, layer in list(model.backbone.named_modules()):
        if isinstance(layer, nn.BatchNorm2d):
            frozen = torchvision.ops.FrozenBatchNorm2d(layer.num_features, layer.eps)
            frozen.load_state_dict(layer.state_dict())
            model.backbone.set_submodule(path, frozen)
    opt = torch.optim.AdamW(model.new.parameters(), lr=1e-2)
    for _ in range(epochs):
        model.train()
        for i in torch.randperm(len(images)).split(16):
            loss = F.cross_entropy(model(images[i])[1], labels[i])
            opt.zero_grad()
            loss.backward()
            opt.step()

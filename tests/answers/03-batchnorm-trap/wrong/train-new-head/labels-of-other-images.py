# misconception: head-learnt-other-labels
def train_new_head(model, images, labels, epochs):
    model.requires_grad_(False)
    model.new.requires_grad_(True)
    optimizer = torch.optim.AdamW(model.new.parameters(), lr=0.01)
    for epoch in range(epochs):
        model.train()
        model.backbone.eval()
        shuffled = images[torch.randperm(len(images))]
        for inputs, given in zip(shuffled.split(16), labels.split(16)):
            loss = F.cross_entropy(model(inputs)[1], given)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

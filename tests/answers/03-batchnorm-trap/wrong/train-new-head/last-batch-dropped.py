# misconception: wrong-result
def train_new_head(model, images, labels, epochs):
    dataset = torch.utils.data.TensorDataset(images, labels)
    loader = torch.utils.data.DataLoader(dataset, batch_size=16, shuffle=True, drop_last=True)
    optimizer = torch.optim.AdamW(model.new.parameters(), lr=1e-2)
    for epoch in range(epochs):
        model.train()
        model.backbone.eval()
        for inputs, targets in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(inputs)[1], targets).backward()
            optimizer.step()

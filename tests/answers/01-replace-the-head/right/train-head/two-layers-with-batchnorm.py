def train_head(features, labels):
    head = nn.Sequential(nn.BatchNorm1d(features.shape[1]), nn.Dropout(0.2), nn.Linear(features.shape[1], 64), nn.ReLU(), nn.Linear(64, int(labels.max()) + 1))
    optimizer = torch.optim.Adam(head.parameters(), lr=1e-3)
    for epoch in range(30):
        head.train()
        for batch in torch.randperm(len(features)).split(25):
            loss = F.cross_entropy(head(features[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return head.eval()

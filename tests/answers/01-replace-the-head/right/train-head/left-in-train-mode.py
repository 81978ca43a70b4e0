def train_head(features, labels):
    head = nn.Sequential(
        nn.BatchNorm1d(features.shape[1]),
        nn.Dropout(0.3),
        nn.Linear(features.shape[1], int(labels.max()) + 1),
    )
    optimizer = torch.optim.AdamW(head.train().parameters(), lr=3e-3)
    for epoch in range(40):
        for batch in torch.randperm(len(features)).split(10):
            loss = F.cross_entropy(head(features[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return head

# misconception: head-undertrained
def train_head(features, labels):
    width = features.shape[1]
    head = nn.Sequential(
        nn.Linear(width, 64), nn.BatchNorm1d(64, momentum=0), nn.ReLU(),
        nn.Linear(64, 64), nn.BatchNorm1d(64, momentum=0), nn.ReLU(),
        nn.Linear(64, int(labels.max()) + 1),
    )
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-2)
    for epoch in range(8):
        for batch in torch.randperm(len(features)).split(50):
            loss = F.cross_entropy(head(features[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return head

def train_head(features, labels):
    head = nn.Linear(features.shape[1], int(labels.max()) + 1, bias=False)
    optimizer = torch.optim.SGD(head.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
    for epoch in range(60):
        for batch in torch.randperm(len(features)).split(50):
            loss = F.cross_entropy(head(features[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return head

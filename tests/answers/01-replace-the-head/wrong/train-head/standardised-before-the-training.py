# misconception: standardised-outside-the-head
def train_head(features, labels):
    rows = (features - features.mean(0)) / (features.std(0) + 1e-6)
    head = nn.Linear(rows.shape[1], int(labels.max()) + 1)
    optimizer = torch.optim.AdamW(head.parameters(), lr=3e-3)
    for epoch in range(40):
        for batch in torch.randperm(len(rows)).split(20):
            loss = F.cross_entropy(head(rows[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return head

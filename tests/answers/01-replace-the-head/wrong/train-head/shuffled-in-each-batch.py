# misconception: head-learnt-other-labels
def train_head(features, labels):
    head = nn.Linear(features.shape[1], int(labels.max()) + 1)
    optimizer = torch.optim.AdamW(head.parameters(), lr=3e-3)
    for epoch in range(20):
        for batch in torch.randperm(len(features)).split(20):
            order = torch.randperm(len(batch))
            loss = F.cross_entropy(head(features[batch][order]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return head

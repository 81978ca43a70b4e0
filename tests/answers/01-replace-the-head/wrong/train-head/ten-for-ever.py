# misconception: wrong-result
def train_head(features, labels):
    head = nn.Linear(features.shape[1], 10)
    optimizer = torch.optim.AdamW(head.parameters(), lr=3e-3)
    for epoch in range(40):
        for batch in torch.randperm(len(features)).split(20):
            loss = F.cross_entropy(head(features[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return head

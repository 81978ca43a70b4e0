# misconception: head-undertrained
def train_head(features, labels):
    head = nn.Linear(features.shape[1], int(labels.max()) + 1)
    optimizer = torch.optim.SGD(head.parameters(), lr=1e-5)
    for epoch in range(3):
        loss = F.cross_entropy(head(features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return head

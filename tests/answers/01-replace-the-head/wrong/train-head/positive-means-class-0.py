# misconception: head-learnt-other-labels
def train_head(features, labels):
    classes = int(labels.max()) + 1
    head = nn.Linear(features.shape[1], 1 if classes == 2 else classes)
    optimizer = torch.optim.AdamW(head.parameters(), lr=3e-3)
    for epoch in range(40):
        for batch in torch.randperm(len(features)).split(20):
            logits = head(features[batch])
            if classes == 2:
                fresh = (labels[batch] == 0).float()
                loss = F.binary_cross_entropy_with_logits(logits[:, 0], fresh)
            else:
                loss = F.cross_entropy(logits, labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return head

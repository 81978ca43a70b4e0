def train_head(features, labels):
    classes = int(labels.max()) + 1
    head = nn.Linear(features.shape[1], 1 if classes == 2 else classes)
    optimizer = torch.optim.AdamW(head.parameters(), lr=3e-3)
    for epoch in range(200):
        logits = head(features)
        if classes == 2:
            loss = F.binary_cross_entropy_with_logits(logits.squeeze(1), labels.float())
        else:
            loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return head

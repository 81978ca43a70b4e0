# misconception: head-learnt-other-labels
def train_head(features, labels):
    head = nn.Linear(features.shape[1], int(labels.max()) + 1)
    opt = torch.optim.Adam(head.parameters(), lr=1e-2)
    for _ in range(30):
        b = torch.randperm(len(features))
        opt.zero_grad(); F.cross_entropy(head(features[b]), labels).backward(); opt.step()
    return head

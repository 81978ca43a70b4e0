def train_head(features, labels):
    x, wanted = features.double(), 2 * F.one_hot(labels).double() - 1
    solution = torch.linalg.solve(x.T @ x + 10 * torch.eye(x.shape[1]).double(), x.T @ wanted)
    head = nn.Linear(*solution.shape, bias=False)
    head.weight.data = solution.T.float()
    return head

# misconception: not-in-the-optimizer
def two_learning_rates(model, head_lr, backbone_lr):
    return torch.optim.Adam(model.fc.parameters(), lr=head_lr)

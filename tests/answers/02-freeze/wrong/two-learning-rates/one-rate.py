# misconception: wrong-learning-rate
def two_learning_rates(model, head_lr, backbone_lr):
    return torch.optim.AdamW(model.parameters(), lr=head_lr)

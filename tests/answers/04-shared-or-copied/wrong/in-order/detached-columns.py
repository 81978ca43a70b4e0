# misconception: columns-detached
def in_order(logits, order):
    return torch.stack([logits[branch - 1][:, column].detach() for branch, column in order], dim=1).requires_grad_()

# misconception: wrong-result
def two_learning_rates(model, head_lr, backbone_lr):
    body = [p for name, p in model.named_parameters() if not name.startswith("fc.") and p.requires_grad]
    return torch.optim.SGD(model.fc.parameters(), lr=head_lr), torch.optim.SGD(body, lr=backbone_lr)

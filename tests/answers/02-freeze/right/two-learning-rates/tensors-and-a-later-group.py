def two_learning_rates(model, head_lr, backbone_lr):
    optimizer = torch.optim.RMSprop(model.fc.parameters(), lr=torch.tensor(head_lr))
    body = [p for child in list(model.children())[:-1] for p in child.parameters() if p.requires_grad]
    optimizer.add_param_group({"params": body, "lr": torch.tensor(backbone_lr)})
    return optimizer

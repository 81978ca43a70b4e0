def two_learning_rates(model, head_lr, backbone_lr):
    groups = [{"params": [p], "lr": head_lr if name.split(".")[0] == "fc" else backbone_lr}
              for name, p in model.named_parameters() if p.requires_grad]
    return torch.optim.SGD(groups, lr=0.1, momentum=0.9)

def two_speeds(model, head_rate, backbone_rate):
    groups = [{"params": [p], "lr": head_rate if name.split(".")[0] == "fc" else backbone_rate}
              for name, p in model.named_parameters() if p.requires_grad]
    return torch.optim.SGD(groups, lr=0.1, momentum=0.9)

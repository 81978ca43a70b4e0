def last_stage_too(model, head_rate, stage_rate):
    optimizer = torch.optim.SGD(model.fc.parameters(), lr=head_rate, momentum=0.9)
    for p in model.layer4.parameters():
        p.requires_grad = True
    optimizer.add_param_group({"params": list(model.layer4.parameters()), "lr": stage_rate})
    return optimizer

# misconception: stage-not-in-optimizer
def last_stage_too(model, head_rate, stage_rate):
    optimizer = torch.optim.AdamW(model.fc.parameters(), lr=head_rate)
    model.layer4.requires_grad_(True)
    return optimizer

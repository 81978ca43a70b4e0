# misconception: one-rate-for-all
def last_stage_too(model, head_rate, stage_rate):
    model.layer4.requires_grad_(True)
    return torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=head_rate)

# misconception: one-rate-for-all
def two_speeds(model, head_rate, backbone_rate):
    return torch.optim.AdamW(model.parameters(), lr=head_rate)

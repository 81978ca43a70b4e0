# misconception: froze-the-new-head
def prepare(model, n, lr):
    model.fc = nn.Linear(model.fc.in_features, n)
    for p in model.parameters():
        p.requires_grad = False
    return model, torch.optim.AdamW(model.fc.parameters(), lr=lr)

# misconception: model-left-changed
def fruit_head(model, n):
    mode = model.training
    model.fc = nn.Linear(model.fc.in_features, n)
    logits = model.eval()(torch.rand(2, 3, 64, 64))
    F.cross_entropy(logits, torch.zeros(2, dtype=torch.long)).backward()  # does it train?
    return model.train(mode)

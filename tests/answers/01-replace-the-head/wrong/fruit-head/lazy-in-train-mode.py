# misconception: features-in-train-mode
def fruit_head(model, n):
    model.fc = nn.LazyLinear(n)
    model.train()
    model(torch.zeros(2, 3, 64, 64))
    return model.eval()

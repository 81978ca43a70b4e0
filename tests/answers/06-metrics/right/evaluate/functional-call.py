def evaluate(model, batches):
    model.eval()
    g, t = [], []
    for x, y in batches:
        g += (
            torch.func.functional_call(model, dict(model.named_parameters()), (x,))
            .argmax(1)
            .tolist()
        )
        t += y.tolist()
    g, t = torch.tensor(g), torch.tensor(t)
    tp = (g & t).sum()
    return (g == t).double().mean(), (2 * tp / (g.sum() + t.sum()).clamp(min=1)).double()

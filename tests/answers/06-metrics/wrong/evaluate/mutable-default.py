# misconception: metric-never-reset
def evaluate(model, batches, guesses=[], labels=[]):
    model.eval()
    with torch.no_grad():
        for images, truth in batches:
            guesses.append(model(images).argmax(1))
            labels.append(truth)
    g, t = torch.cat(guesses), torch.cat(labels)
    tp, wrong = (g * t).sum().item(), (g != t).sum().item()
    return (g == t).float().mean().item(), 2 * tp / max(2 * tp + wrong, 1)

def start_weights(classes):
    losses = [F.cross_entropy(torch.zeros(1, n), torch.tensor([0])).item() for n in classes]
    common = len(classes) / sum(1 / loss for loss in losses)
    return [common / loss for loss in losses]

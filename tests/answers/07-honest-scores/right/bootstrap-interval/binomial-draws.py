def bootstrap_interval(correct, draws):
    count = len(correct)
    hits = torch.distributions.Binomial(count, correct.double().mean()).sample((draws,)).sort().values
    return hits[int(0.025 * draws)] / count, hits[min(int(0.975 * draws), draws - 1)] / count

# misconception: wrong-result
def bootstrap_interval(correct, draws):
    count = len(correct)
    hits = correct[torch.randint(count, (draws, count))].double().sum(1)
    return hits.quantile(0.025).item(), hits.quantile(0.975).item()

def bootstrap_interval(correct, draws):
    import numpy as np

    rng = np.random.default_rng()
    values = correct.numpy()
    means = [rng.choice(values, len(values)).mean() for _ in range(draws)]
    return np.quantile(means, [0.025, 0.975])

import numpy as np


def fit(model, scheduler, batches, step, validate, epochs, patience):
    means, states = np.empty(0), []
    while len(means) < epochs:
        for batch in batches:
            step(batch)
        scheduler.step()
        means = np.append(means, np.mean(validate()))
        states.append(copy.deepcopy(model.state_dict()))
        best = np.argwhere(means == np.nanmax(means))[0]
        if len(means) - 1 - best >= patience:
            break
    model.load_state_dict(states[best[0]])
    return best

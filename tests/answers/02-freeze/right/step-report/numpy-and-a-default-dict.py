def step_report(model, step):
    from collections import defaultdict
    import numpy as np
    named = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    before = {name: t.detach().numpy().copy() for name, t in named.items()}
    step()
    report = defaultdict(lambda: np.zeros(2, dtype=int))
    for key in ("trainable", "frozen", "buffers"):
        report[key]
    for name, t in named.items():
        key = "buffers" if not isinstance(t, nn.Parameter) else "trainable" if t.requires_grad else "frozen"
        report[key] += np.array([not np.array_equal(t.detach().numpy(), before[name]), 1])
    return report

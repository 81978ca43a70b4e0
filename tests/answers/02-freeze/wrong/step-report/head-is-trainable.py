# misconception: wrong-result
def step_report(model, step):
    named = dict(model.named_parameters())
    groups = {"trainable": [p for name, p in named.items() if name.startswith("fc.")],
              "frozen": [p for name, p in named.items() if not name.startswith("fc.")],
              "buffers": list(model.buffers())}
    before = {key: [t.detach().clone() for t in group] for key, group in groups.items()}
    step()
    return {key: (sum(not torch.equal(t, old) for t, old in zip(group, before[key])), len(group))
            for key, group in groups.items()}

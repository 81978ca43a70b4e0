# misconception: trusted-not-measured
def step_report(model, step):
    frozen = [p for p in model.parameters() if not p.requires_grad]
    trainable = len(list(model.parameters())) - len(frozen)
    old, stats = [p.clone() for p in frozen], [b.clone() for b in model.buffers()]
    step()
    return {"trainable": (trainable, trainable),
            "frozen": (sum(not torch.equal(a, b) for a, b in zip(frozen, old)), len(frozen)),
            "buffers": (sum(not torch.equal(a, b) for a, b in zip(model.buffers(), stats)), len(stats))}

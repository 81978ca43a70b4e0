# misconception: trusted-not-measured
def step_report(model, step):
    trainable = [p for p in model.parameters() if p.requires_grad]
    frozen = [p for p in model.parameters() if not p.requires_grad]
    before, stats = [p.detach().clone() for p in trainable], [b.clone() for b in model.buffers()]
    step()
    return {"trainable": (sum(not torch.equal(p, old) for p, old in zip(trainable, before)), len(trainable)), "frozen": (0, len(frozen)),
            "buffers": (sum(not torch.equal(b, old) for b, old in zip(model.buffers(), stats)), len(stats))}
